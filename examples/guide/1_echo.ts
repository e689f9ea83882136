// Step 1: every line that a client sends comes back.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/guide/1_echo.ts
// Talk: nc 127.0.0.1 8080

import copas, { type StreamSocket } from "jsr:@copas/copas";

async function echo(skt: StreamSocket): Promise<void> {
  for await (const line of skt) {
    await skt.send(line + "\n");
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(echo));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);
await copas.loop();

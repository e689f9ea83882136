// Echo server: every line that a client sends comes back.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/echo_server.ts
// Talk: nc 127.0.0.1 8080

import copas from "jsr:@copas/copas";

// Runs once for each client, for all of them at the same time.
const echo = copas.handler(async (skt) => {
  for await (const line of skt) {
    await skt.send(line + "\n");
  }
});

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, echo, { name: "echo" });

const { port } = server.addr;
console.log(`Echo server on 127.0.0.1:${port}. Try: nc 127.0.0.1 ${port}`);
await copas.loop();

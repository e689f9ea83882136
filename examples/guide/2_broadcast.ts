// Step 2: every line that a client sends goes to all clients.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/guide/2_broadcast.ts
// Talk: nc 127.0.0.1 8080 (in two terminals)

import copas, { type StreamSocket } from "jsr:@copas/copas";

const clients = new Set<StreamSocket>();

async function broadcast(skt: StreamSocket): Promise<void> {
  clients.add(skt);
  try {
    for await (const line of skt) {
      for (const client of clients) await client.send(line + "\n");
    }
  } finally {
    clients.delete(skt); // also when the connection breaks
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(broadcast));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);
await copas.loop();

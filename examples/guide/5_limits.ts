// Step 5: no client can use up what belongs to all.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/guide/5_limits.ts
// Talk: nc 127.0.0.1 8080 (in two terminals)

import copas from "jsr:@copas/copas";
import { createRoom } from "./4_room.ts";

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(createRoom(copas)), {
  name: "chat", // in every error message
  maxline: 1000, // characters in a line
  maxConnections: 1000, // clients that are served at once
  maxPerAddress: 10, // of them, from one address
  overflow: "* The room is full. Goodbye.\n", // for the next client
  idletimeout: 600, // seconds in which no byte goes either way
  timeout: 30, // seconds that a send may wait
});
console.log(`Listening on 127.0.0.1:${server.addr.port}`);
await copas.loop();

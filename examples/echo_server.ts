// Echo server: every line that a client sends comes back.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/echo_server.ts
// Talk: nc 127.0.0.1 8080

import copas, { type StreamSocket } from "jsr:@copas/copas";

const echo = copas.handler(async (skt: StreamSocket) => {
  for await (const line of skt) {
    await skt.send(line + "\n");
  }
});

const server = copas.socket.bind("127.0.0.1", 8080);
copas.addserver(server, echo, { name: "echo" });
console.log("Echo server on 127.0.0.1:8080. Try: nc 127.0.0.1 8080");
await copas.loop();

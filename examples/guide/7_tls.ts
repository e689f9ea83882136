// Step 7: what clients and server say to each other is encrypted.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=cert.pem,key.pem examples/guide/7_tls.ts
// Talk: openssl s_client -quiet -connect 127.0.0.1:8080

import copas from "jsr:@copas/copas";
import { createRoom } from "./4_room.ts";

const sslparams = {
  cert: await Deno.readTextFile("cert.pem"),
  key: await Deno.readTextFile("key.pem"),
};
const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(createRoom(copas), sslparams), {
  name: "chat",
  maxline: 1000,
  maxConnections: 1000,
  maxPerAddress: 10,
  idletimeout: 600,
  timeout: 30,
});
console.log(`Listening on 127.0.0.1:${server.addr.port}, with TLS`);
await copas.loop();

// Step 8: at Ctrl+C the server ends, within ten seconds, and tells its clients.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=cert.pem,key.pem examples/guide/8_end.ts
// Talk: openssl s_client -quiet -connect 127.0.0.1:8080

import copas, { type StreamSocket } from "jsr:@copas/copas";
import { createRoom } from "./4_room.ts";

const room = createRoom(copas);

/** Serves a client of the room until it leaves or the server ends. */
async function chat(skt: StreamSocket): Promise<void> {
  const bye = () => {
    skt.send("* The server ends. Goodbye.\n");
    skt.close(); // writes what was sent, then ends the thread's wait
  };
  copas.exitsignal.addEventListener("abort", bye);
  try {
    await room(skt);
  } finally {
    copas.exitsignal.removeEventListener("abort", bye);
  }
}

const sslparams = {
  cert: await Deno.readTextFile("cert.pem"),
  key: await Deno.readTextFile("key.pem"),
};
const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(chat, sslparams), {
  name: "chat",
  maxline: 1000,
  maxConnections: 1000,
  maxPerAddress: 10,
  idletimeout: 600,
  timeout: 30,
});
console.log(`Listening on 127.0.0.1:${server.addr.port}, with TLS`);
copas.shutdownon(["SIGINT", "SIGTERM"], { grace: 10 });
await copas.loop();

// Reload: after kill -HUP new clients get the new greeting and the new certificate, and none is refused.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=cert.pem,key.pem,greeting.txt examples/reload_server.ts
// Talk: openssl s_client -quiet -connect 127.0.0.1:8080 -CAfile cert.pem
//       It needs a certificate, as examples/tls_echo_server.ts does, and a
//       text: echo hello > greeting.txt

import copas, { type SslParams, type StreamSocket } from "jsr:@copas/copas";

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
let sslparams: SslParams;

/** Reads everything anew. What is served goes on with what it had. */
async function load(): Promise<void> {
  const [cert, key, greeting] = await Promise.all(
    ["cert.pem", "key.pem", "greeting.txt"].map((file) =>
      Deno.readTextFile(file)
    ),
  );
  sslparams = { cert, key };
  const greet = async (skt: StreamSocket) => {
    await skt.send(greeting);
    for await (const line of skt) await skt.send(line + "\n");
  };
  // The listener stays open. Only the handler changes: no client notices.
  copas.addserver(server, copas.handler(greet, () => sslparams));
}

await load();
Deno.addSignalListener("SIGHUP", async () => {
  try {
    await load();
    console.log("Reloaded.");
  } catch (error) {
    console.error(`Cannot reload, so all stays as it was: ${error}`);
  }
});
console.log(`Greeting on 127.0.0.1:${server.addr.port}.`);
await copas.loop();

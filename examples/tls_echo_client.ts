// TLS echo client: sends lines to the TLS echo server, and shows what comes back.
//
// Run:  deno run --allow-net=localhost:8080 --allow-read=cert.pem examples/tls_echo_client.ts
// Talk: it talks to examples/tls_echo_server.ts, whose certificate it trusts

import copas from "jsr:@copas/copas";

// The certificate is signed by its own key, so it has to be named as trusted.
// Leave `caCerts` out for a server whose certificate is from a public authority.
const sslparams = { caCerts: [Deno.readTextFileSync("cert.pem")] };

const skt = copas.wrap(copas.socket.tcp(), sslparams);
// Connecting includes the handshake. It fails if the certificate is another
// one, has expired, or is not for "localhost".
await skt.connect("localhost", Number(Deno.args[0] ?? 8080), { timeout: 10 });
for (const line of ["hello", "encrypted on the way", "bye"]) {
  await skt.send(line + "\n");
  console.log(await skt.receive("*l", { timeout: 10 }));
}
await skt.close();

// TLS echo server: every line that a client sends comes back, encrypted on the way.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=cert.pem,key.pem examples/tls_echo_server.ts
// Talk: openssl s_client -quiet -connect 127.0.0.1:8080 -CAfile cert.pem
//       It needs a certificate. One to try it with:
//       openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost
//       -addext subjectAltName=DNS:localhost,IP:127.0.0.1
//       -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem

import copas from "jsr:@copas/copas";

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
const sslparams = {
  cert: Deno.readTextFileSync("cert.pem"),
  key: Deno.readTextFileSync("key.pem"),
};

// Runs after the handshake. When that fails, or takes longer than ten seconds,
// the connection is closed, and this is not called.
const echo = copas.handler(async (skt) => {
  for await (const line of skt) {
    await skt.send(line + "\n");
  }
}, sslparams);

// A client that doesn't trust the certificate is worth a line, not a stack trace.
copas.seterrorhandler((error) => {
  console.error(error instanceof Error ? error.message : error);
});

copas.addserver(server, echo, { name: "echo" });
const { port } = server.addr;
console.log(`TLS echo server on 127.0.0.1:${port}.`);
await copas.loop();

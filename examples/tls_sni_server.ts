// Two names, two certificates: a TLS server that shows each client the one for the name it asks for.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=. examples/tls_sni_server.ts
// Talk: openssl s_client -quiet -connect 127.0.0.1:8080 -servername a.example -CAfile a.example.pem
//       It needs two certificates. For a.example, and the same with b.example:
//       openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=a.example
//       -addext subjectAltName=DNS:a.example -addext basicConstraints=critical,CA:FALSE
//       -keyout a.example.key -out a.example.pem

import copas from "jsr:@copas/copas";

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));

const certified = (name: string) => ({
  cert: Deno.readTextFileSync(`${name}.pem`),
  key: Deno.readTextFileSync(`${name}.key`),
});

// A function is asked at each handshake: a certificate that was renewed in the
// meantime is used without a restart. There is no certificate for other names,
// so a client that asks for one is refused.
const sslparams = () => ({
  sni: {
    "a.example": certified("a.example"),
    "b.example": certified("b.example"),
  },
});

const greet = copas.handler(async (skt) => {
  await skt.send(`This is ${skt.getsniname()}. Who are you?\n`);
  const name = await skt.receive();
  if (name !== null) await skt.send(`Hello, ${name}.\n`);
}, sslparams);

copas.seterrorhandler((error) => {
  console.error(error instanceof Error ? error.message : error);
});

copas.addserver(server, greet, { name: "names" });
console.log(`TLS server for two names on 127.0.0.1:${server.addr.port}.`);
await copas.loop();

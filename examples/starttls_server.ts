// STARTTLS: a mail server in small, which speaks plain text until the client asks for TLS.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-read=cert.pem,key.pem examples/starttls_server.ts
// Talk: openssl s_client -quiet -crlf -starttls smtp -connect 127.0.0.1:8080 -CAfile cert.pem
//       It needs a certificate. One to try it with:
//       openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost
//       -addext subjectAltName=DNS:localhost,IP:127.0.0.1
//       -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem

import copas, { type StreamSocket } from "jsr:@copas/copas";

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
const sslparams = {
  cert: Deno.readTextFileSync("cert.pem"),
  key: Deno.readTextFileSync("key.pem"),
};

/** Takes a mail, and forgets it. */
async function takeMail(skt: StreamSocket): Promise<void> {
  await skt.send("354 end with a line that is only a dot\r\n");
  let lines = 0;
  for await (const line of skt) {
    if (line === ".") break;
    lines++;
  }
  await skt.send(`250 thank you for ${lines} lines\r\n`);
}

async function serve(skt: StreamSocket): Promise<void> {
  let isSecure = false;
  await skt.send("220 localhost ready\r\n");
  for await (const line of skt) {
    const command = line.split(" ")[0].toUpperCase();
    if (command === "QUIT") {
      await skt.send("221 bye\r\n");
      return;
    }
    if (command === "EHLO") {
      await skt.send(
        isSecure ? "250 localhost\r\n" : "250-localhost\r\n250 STARTTLS\r\n",
      );
    } else if (command === "STARTTLS" && !isSecure) {
      await skt.send("220 go ahead\r\n");
      // What the client sent ahead, if anything, is an attack: the handshake fails.
      await skt.dohandshake(sslparams);
      isSecure = true;
    } else if (!isSecure) {
      await skt.send("530 say STARTTLS first\r\n");
    } else if (command === "MAIL" || command === "RCPT") {
      await skt.send("250 fine\r\n");
    } else if (command === "DATA") {
      await takeMail(skt);
    } else {
      await skt.send("502 no such command\r\n");
    }
  }
}

copas.seterrorhandler((error) => {
  console.error(error instanceof Error ? error.message : error);
});

copas.addserver(server, copas.handler(serve), { name: "mail", timeout: 300 });
console.log(`STARTTLS server on 127.0.0.1:${server.addr.port}.`);
await copas.loop();

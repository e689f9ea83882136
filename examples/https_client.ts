// HTTPS by hand: asks a web server for a page, a line at a time.
//
// Run:  deno run --allow-net=example.com:443 examples/https_client.ts
// Talk: it needs the internet; or give it a URL of your own, and the flag for it

import copas from "jsr:@copas/copas";

const url = new URL(Deno.args[0] ?? "https://example.com/");

// `copas/http` does all this in one call. This shows what is below.
const skt = copas.wrap(copas.socket.tcp(), { alpnProtocols: ["http/1.1"] });
skt.settimeout(10);
await skt.connect(url.hostname, Number(url.port || 443));

// With HTTP/1.0 the answer is not cut into chunks.
await skt.send(
  `GET ${url.pathname}${url.search} HTTP/1.0\r\nHost: ${url.host}\r\n\r\n`,
);
console.log(await skt.receive()); // the status
let length: number | undefined;
// The headers end with an empty line.
for (let line; (line = await skt.receive());) {
  const [name, value] = line.split(": ");
  if (name.toLowerCase() === "content-length") length = Number(value);
}
// Without a length the body goes on to the end of the stream. A stream that
// was cut on the way is an error, since part of the body is missing.
const body = length === undefined
  ? await skt.receive("*a")
  : new TextDecoder().decode(await skt.receive(length) ?? undefined);
console.log(body);
await skt.close();

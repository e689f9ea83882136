/**
 * `sslparams` are checked when they are given, and never shown.
 *
 * @module
 */

import { inspect } from "node:util";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import type { SslParams } from "../../src/tls/params.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";

const CERT =
  "-----BEGIN CERTIFICATE-----\nQ0VSVA==\n-----END CERTIFICATE-----\n";
const KEY =
  "-----BEGIN PRIVATE KEY-----\nVE9QU0VDUkVU\n-----END PRIVATE KEY-----\n";
const pair = { cert: CERT, key: KEY };

/** What is wrong, and what the message says of it. */
const wrong: [unknown, string][] = [
  [
    null,
    "sslparams must be an object, or a function that returns one, got null",
  ],
  ["cert.pem", "got a string"],
  [[], "got an array"],
  [
    { certificate: CERT },
    "sslparams has no key certificate; it has mode, cert",
  ],
  [{ mode: "both" }, 'mode must be "client" or "server", got a string'],
  [{ cert: CERT }, "cert needs key beside it"],
  [{ key: KEY }, "key needs cert beside it"],
  [
    { cert: "cert.pem", key: KEY },
    "cert must be a certificate in PEM (its text, not a file's name)",
  ],
  [
    { cert: CERT, key: "key.pem" },
    "key must be a private key in PEM (its text, not a file's name)",
  ],
  [{ cert: CERT, key: 7 }, "key must be a private key in PEM, got a number"],
  [
    { cert: KEY, key: CERT },
    "cert must be a certificate in PEM (it is a private key)",
  ],
  [
    { cert: CERT, key: CERT },
    "key must be a private key in PEM (it is a certificate)",
  ],
  [
    { cert: CERT.replaceAll("CERTIFICATE", "PUBLIC KEY"), key: KEY },
    "cert must be a certificate in PEM (it is other PEM)",
  ],
  [
    { cert: "0\x82\x01\x7f0\x82", key: KEY },
    "cert must be a certificate in PEM (it is DER; openssl turns it into PEM)",
  ],
  [
    { cert: new Uint8Array([0x30, 0x82]), key: KEY },
    "cert must be a certificate in PEM, got bytes; PEM is text",
  ],
  [{ caCerts: [] }, "caCerts must hold an authority; a client without"],
  [
    { servername: "a.example:443" },
    'servername must be a host name or an address, without a port or a scheme, got "a.example:443"',
  ],
  [{ servername: "https://a.example" }, "without a port or a scheme"],
  [
    { cert: CERT, key: KEY.replace("PRIVATE", "ENCRYPTED PRIVATE") },
    "key is encrypted; decrypt it first",
  ],
  [{ caCerts: CERT }, "caCerts must be an array of PEM texts, got a string"],
  [{ caCerts: [CERT, "ca.pem"] }, "caCerts[1] must be a certificate in PEM"],
  [
    { alpnProtocols: "h2" },
    "alpnProtocols must be an array of names, got a string",
  ],
  [
    { alpnProtocols: ["h2", ""] },
    "alpnProtocols[1] must be a name of 1 to 255 bytes",
  ],
  [{ servername: "" }, "servername must be a host name or an address"],
  [
    { sni: [] },
    "sni must be an object of { name: { cert, key } }, got an array",
  ],
  [{ sni: { "a.*.b": pair } }, '"a.*.b" is no host name'],
  [{ sni: { "a.b": { cert: CERT } } }, "sni: a.b: cert needs key beside it"],
  [
    { sni: { "a.b": CERT } },
    "sni: a.b must be an object { cert, key }, got a string",
  ],
  [{ ...pair, strict: 1 }, "strict must be a boolean, got a number"],
  [
    { ...pair, requestcert: "yes" },
    'requestcert must be true, false or "optional", got a string',
  ],
];

/** What is wrong for one side only. */
const wrongForServers: [SslParams, string][] = [
  [{}, "a server needs cert and key, or sni"],
  [{ sni: {} }, "a server needs cert and key, or sni"],
  [
    { ...pair, servername: "a.b" },
    'servername is for mode "client"; a server has sni',
  ],
  [{ sni: { "a.b": pair }, strict: false }, "strict: false needs cert and key"],
  [{ ...pair, requestcert: true }, "requestcert needs caCerts"],
  [
    { ...pair, caCerts: [CERT] },
    "caCerts of a server are for client certificates and need requestcert",
  ],
];
const wrongForClients: [SslParams, string][] = [
  [{ mode: "client", sni: { "a.b": pair } }, 'sni is for mode "server"'],
  [{ mode: "client", strict: true }, 'strict is for mode "server"'],
  [{ mode: "client", requestcert: true }, 'requestcert is for mode "server"'],
];

Deno.test("wrong sslparams are refused when they are given, and nothing is shown of them", async () => {
  const copas = new Copas();
  using ends = await tcpPair();
  const skt = copas.wrap(ends.ours);
  const givers: [string, (params: unknown) => unknown][] = [
    ["handler()", (params) => copas.handler(() => {}, params as SslParams)],
    ["wrap()", (params) => copas.wrap(skt, params as SslParams)],
    ["tcp()", (params) => copas.socket.tcp({ sslparams: params as SslParams })],
  ];
  for (const [params, message] of wrong) {
    for (const [name, give] of givers) {
      const error = assertThrows(() => give(params), TypeError, message);
      assert(error.message.startsWith(`${name}: `), error.message);
      assert(!Deno.inspect(error).includes("VE9QU0VD"), error.message);
    }
    const late = await skt.dohandshake(params as SslParams).catch((e) => e);
    assert(late instanceof TypeError && late.message.includes(message));
  }
  assertEquals(skt.closed, false);
});

Deno.test("sslparams that make no sense for a server are refused by handler()", () => {
  const copas = new Copas();
  for (const [params, message] of wrongForServers) {
    assertThrows(() => copas.handler(() => {}, params), TypeError, message);
    const given = { ...params, mode: "server" as const };
    assertThrows(
      () => copas.wrap(copas.socket.tcp(), given),
      TypeError,
      message,
    );
  }
});

Deno.test("sslparams that make no sense for a client are refused", () => {
  const copas = new Copas();
  for (const [params, message] of wrongForClients) {
    assertThrows(
      () => copas.wrap(copas.socket.tcp(), params),
      TypeError,
      message,
    );
    assertThrows(() => copas.handler(() => {}, params), TypeError, message);
  }
});

Deno.test("sslparams may come as options of the socket, but not mixed with them", () => {
  const copas = new Copas();
  const skt = copas.wrap(copas.socket.tcp(), { sslparams: {} });
  assertThrows(
    () => copas.wrap(skt, { maxline: 10, ...pair } as SslParams),
    TypeError,
    "wrap(): the options have no key cert; they have name, timeouts, maxline, maxbody, linger, lingeralways, sslparams, starttls, and what belongs to TLS goes into sslparams",
  );
});

Deno.test("a datagram socket takes no sslparams", () => {
  const copas = new Copas();
  const skt = copas.socket.udp();
  const wrap = () => copas.wrap(skt, { sslparams: {} });
  assertThrows(wrap, TypeError, "wrap(): a datagram socket has no TLS");
});

Deno.test("neither a socket nor its options show a key when they are inspected", async () => {
  const copas = new Copas();
  using ends = await tcpPair();
  const skt = copas.wrap(ends.ours, pair);
  assertEquals(
    Deno.inspect(skt),
    `StreamSocket { name: ${JSON.stringify(skt.name)}, closed: false }`,
  );
  const shown = Deno.inspect([skt, copas, copas.handler(() => {}, pair)], {
    depth: 100,
    showHidden: true,
    getters: true,
    iterableLimit: 1000,
  });
  assert(!shown.includes("VE9QU0VD"), "the key is shown");
  const asNode = inspect(skt, { depth: 100, customInspect: false });
  assert(!asNode.includes("VE9QU0VD"), "the key is shown by node's inspect");
  const lines: string[] = [];
  const logged = copas.debug.socket(
    skt,
    (...pieces) => lines.push(pieces.join(" ")),
  );
  await logged.dohandshake({ ...pair, strict: true, mode: "client" }).catch(
    () => {},
  );
  await logged.dohandshake(KEY as unknown as SslParams).catch(() => {});
  assert(lines.length >= 4);
  assert(!lines.join("\n").includes("VE9QU0VD"), lines.join("\n"));
});

// Headers of the PROXY protocol, byte by byte.

import { assertEquals, assertThrows } from "@std/assert";
import type { Endpoint } from "../../src/net/address.ts";
import { crc32c } from "../../src/proxy_protocol/crc32c.ts";
import { parseHeader } from "../../src/proxy_protocol/parse.ts";
import { SIGNATURE } from "../../src/proxy_protocol/version_2.ts";
import { formatHeader } from "../../src/proxy_protocol/write.ts";
import { SeededRandom } from "../fixtures/seeded_random.ts";

const encoder = new TextEncoder();
const line = (text: string) => encoder.encode(text);

/** A header of version 2. */
function binary(
  command: number,
  family: number,
  body: Uint8Array | number[],
  length = body.length,
): Uint8Array {
  return Uint8Array.of(
    ...SIGNATURE,
    ...[command, family, length >> 8, length & 0xff],
    ...body,
  );
}

const TCP4 = [192, 0, 2, 1, 198, 51, 100, 2, 0x1f, 0x90, 0x01, 0xbb];
const TCP6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  ...[0x1f, 0x90, 0x01, 0xbb],
];
const client4: Endpoint[] = [["192.0.2.1", 8080, "inet"], [
  "198.51.100.2",
  443,
  "inet",
]];
const client6: Endpoint[] = [["2001:db8::1", 8080, "inet6"], [
  "2001:db8::2",
  443,
  "inet6",
]];
const unixBody = new Uint8Array(216);
unixBody.set(line("/run/client"));
unixBody.set(line("/run/server"), 108);
/** Two fields: an authority of four bytes, and an empty one. */
const FIELDS = [0x02, 0, 4, 0x61, 0x62, 0x63, 0x64, 0xee, 0, 0];

/** Headers that are right, and what they say. */
const right: [string, Uint8Array, Endpoint[] | undefined][] = [
  [
    "v1 TCP4",
    line("PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\n"),
    client4,
  ],
  [
    "v1 TCP6",
    line("PROXY TCP6 2001:DB8:0:0::1 2001:db8::2 8080 443\r\n"),
    client6,
  ],
  [
    "v1 with the smallest and the largest port",
    line("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"),
    [["0.0.0.0", 0, "inet"], ["255.255.255.255", 65535, "inet"]],
  ],
  [
    "v1 with a mapped address",
    line("PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n"),
    [["::ffff:102:304", 1, "inet6"], ["::1", 2, "inet6"]],
  ],
  ["v1 UNKNOWN", line("PROXY UNKNOWN\r\n"), undefined],
  [
    "v1 UNKNOWN of 107 bytes",
    line(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`),
    undefined,
  ],
  ["v2 TCP4", binary(0x21, 0x11, TCP4), client4],
  ["v2 TCP6", binary(0x21, 0x21, TCP6), client6],
  ["v2 with fields", binary(0x21, 0x11, [...TCP4, ...FIELDS]), client4],
  ["v2 Unix", binary(0x21, 0x31, unixBody), [["/run/client", 0, "unix"], [
    "/run/server",
    0,
    "unix",
  ]]],
  ["v2 LOCAL", binary(0x20, 0x00, []), undefined],
  ["v2 LOCAL with bytes to skip", binary(0x20, 0x11, [1, 2, 3]), undefined],
  ["v2 LOCAL of an unknown family", binary(0x20, 0x99, [1]), undefined],
  ["v2 UNSPEC", binary(0x21, 0x00, [9, 9, 9, 9, 9]), undefined],
];

for (const [name, bytes, client] of right) {
  Deno.test(`${name}: read whole, with more behind it, and needs more at every truncation`, () => {
    const expected = client === undefined
      ? undefined
      : { source: client[0], destination: client[1] };
    for (const rest of ["", "GET / HTTP/1.1\r\n", "\r\n", "PROXY "]) {
      const header = parseHeader(Uint8Array.of(...bytes, ...line(rest)))!;
      assertEquals(header.length, bytes.length);
      assertEquals(header.client, expected);
    }
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(parseHeader(bytes.subarray(0, length)), undefined);
    }
  });
}

/** Bytes that are no header, and why. */
const wrong: [string, Uint8Array, string][] = [
  ...[
    ["999.2.3.4 1.2.3.4 1 2", "address"],
    ["1.2.3.4 1.2.3.256 1 2", "address"],
    ["01.2.3.4 1.2.3.4 1 2", "address"],
    ["1.2.3 1.2.3.4 1 2", "address"],
    ["::1 1.2.3.4 1 2", "address"],
    ["localhost 1.2.3.4 1 2", "address"],
    ["1.2.3.4 1.2.3.4 99999 2", "port"],
    ["1.2.3.4 1.2.3.4 1 65536", "port"],
    ["1.2.3.4 1.2.3.4 01 2", "port"],
    ["1.2.3.4 1.2.3.4 -1 2", "port"],
    ["1.2.3.4 1.2.3.4 1.0 2", "port"],
    ["1.2.3.4 1.2.3.4 0x1 2", "port"],
    ["1.2.3.4 1.2.3.4 1 ", "port"],
    ["1.2.3.4 1.2.3.4 1", "fields"],
    ["1.2.3.4 1.2.3.4 1 2 3", "fields"],
    ["1.2.3.4  1.2.3.4 1 2", "fields"],
    ["1.2.3.4 1.2.3.4 1 2 ", "fields"],
  ].map(([rest, why]): [string, Uint8Array, string] => [
    `v1 ${rest}`,
    line(`PROXY TCP4 ${rest}\r\n`),
    why,
  ]),
  ["v1 TCP6 of IPv4", line("PROXY TCP6 1.2.3.4 ::1 1 2\r\n"), "address"],
  ["v1 TCP6 with a zone", line("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"), "addr"],
  ["v1 of UDP", line("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), "protocol"],
  ["v1 in lower case", line("proxy TCP4 "), "other bytes"],
  ["v1 UNKNOWNs", line("PROXY UNKNOWNs\r\n"), "protocol"],
  ["v1 with a tab", line("PROXY\tTCP4"), "other bytes"],
  ["v1 ended by LF", line("PROXY UNKNOWN\n"), "no text"],
  ["v1 with a CR within", line("PROXY UNKNOWN\rx"), "a CR"],
  ["v1 with NUL", line("PROXY UNKNOWN \0"), "no text"],
  ["v1 with UTF-8", line("PROXY UNKNOWN é"), "no text"],
  ["v1 of 108 bytes", line(`PROXY UNKNOWN ${"f".repeat(92)}\r\n`), "longer"],
  ["v1 without an end", line(`PROXY UNKNOWN ${"f".repeat(200)}`), "longer"],
  ["a request", line("GET / HTTP/1.1\r\n\r\n"), "other bytes"],
  ["a TLS handshake", Uint8Array.of(0x16, 0x03, 0x01), "other bytes"],
  ["a line end", line("\r\n\r\n\r"), "other bytes"],
  ["v2 of version 1", binary(0x11, 0x11, TCP4), "version or command"],
  ["v2 of another command", binary(0x22, 0x11, TCP4), "version or command"],
  ["v2 of datagrams", binary(0x21, 0x12, TCP4), "family"],
  ["v2 of another family", binary(0x21, 0x41, TCP4), "family"],
  ["v2 TCP4, too short", binary(0x21, 0x11, TCP4.slice(1)), "too short"],
  ["v2 TCP6 of IPv4's length", binary(0x21, 0x21, TCP4), "too short"],
  ["v2 Unix, too short", binary(0x21, 0x31, TCP6), "too short"],
  ...[1, 2, 3, 4, 5, 6].map((length): [string, Uint8Array, string] => [
    `v2 with ${length} bytes of its fields`,
    binary(0x21, 0x11, [...TCP4, ...FIELDS.slice(0, length)]),
    "a field",
  ]),
  [
    "v2 with a checksum that is wrong",
    binary(0x21, 0x11, [...TCP4, 0x03, 0, 4, 1, 2, 3, 4]),
    "checksum is wrong",
  ],
  [
    "v2 with a checksum of two bytes",
    binary(0x21, 0x11, [...TCP4, 0x03, 0, 2, 1, 2]),
    "four bytes",
  ],
];

for (const [name, bytes, why] of wrong) {
  Deno.test(`refused: ${name}`, () => {
    assertThrows(() => parseHeader(bytes), SyntaxError, why);
  });
}

Deno.test("a header of version 2 is refused before its body has come, where it can't be right", () => {
  const bytes = binary(0x21, 0x11, [], 5);
  assertThrows(() => parseHeader(bytes), SyntaxError, "too short");
  assertThrows(
    () => parseHeader(Uint8Array.of(...SIGNATURE, 0x33)),
    SyntaxError,
  );
});

Deno.test("the checksum is CRC32c, and a header with the right one is taken", () => {
  assertEquals(crc32c(line("123456789")), 0xe3069283);
  const header = binary(0x21, 0x11, [...TCP4, 0x03, 0, 4, 0, 0, 0, 0]);
  new DataView(header.buffer).setUint32(header.length - 4, crc32c(header));
  assertEquals(parseHeader(header)!.client!.source, client4[0]);
});

Deno.test("a changed byte never makes the parser fail in another way, nor read past the header", () => {
  const random = new SeededRandom(16);
  for (const [, bytes] of right) {
    for (let i = 0; i < 300; i++) {
      const changed = bytes.slice();
      changed[random.below(changed.length)] = random.below(256);
      try {
        const header = parseHeader(changed);
        const { length = 0 } = header ?? {};
        assertEquals(length <= changed.length, true);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
  }
});

const pairs: [string, Endpoint, Endpoint, Endpoint[] | undefined][] = [
  ["IPv4", client4[0], client4[1], client4],
  ["IPv6", client6[0], client6[1], client6],
  ["a client of IPv4 at an address of IPv6", client4[0], client6[1], [
    ["::ffff:c000:201", 8080, "inet6"],
    client6[1],
  ]],
  ["Unix", ["/run/client", 0, "unix"], client4[1], undefined],
];

for (const [name, source, destination, client] of pairs) {
  for (const version of [1, 2] as const) {
    Deno.test(`a header that is written is read again: version ${version}, ${name}`, () => {
      const bytes = formatHeader(version, source, destination);
      const header = parseHeader(bytes)!;
      assertEquals(header.length, bytes.length);
      assertEquals(
        header.client,
        client && { source: client[0], destination: client[1] },
      );
    });
  }
}

Deno.test("the line of version 1 is as the specification has it", () => {
  const [source, destination] = client4;
  assertEquals(
    new TextDecoder().decode(formatHeader(1, source, destination)),
    "PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\n",
  );
});

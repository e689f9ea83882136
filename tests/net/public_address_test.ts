// What is public is held against IANA's registries of special-purpose
// addresses, and the arithmetic against node's own BlockList.

import { assertEquals } from "@std/assert";
import { BlockList } from "node:net";
import { type Ip, parseIp } from "../../src/net/ip.ts";
import { isPublic } from "../../src/net/public_address.ts";

/** A row: the addresses, and whether the registry calls them globally reachable. */
type Row = [range: string, reachable: boolean];

/** IANA's IPv4 Special-Purpose Address Registry, November 2026. */
const IPV4: Row[] = [
  ["0.0.0.0/8", false],
  ["0.0.0.0/32", false],
  ["10.0.0.0/8", false],
  ["100.64.0.0/10", false],
  ["127.0.0.0/8", false],
  ["169.254.0.0/16", false],
  ["172.16.0.0/12", false],
  ["192.0.0.0/24", false],
  ["192.0.0.0/29", false],
  ["192.0.0.8/32", false],
  ["192.0.0.9/32", true],
  ["192.0.0.10/32", true],
  ["192.0.0.170/32", false],
  ["192.0.0.171/32", false],
  ["192.0.2.0/24", false],
  ["192.31.196.0/24", true],
  ["192.52.193.0/24", true],
  ["192.88.99.0/24", false],
  ["192.88.99.2/32", false],
  ["192.168.0.0/16", false],
  ["192.175.48.0/24", true],
  ["198.18.0.0/15", false],
  ["198.51.100.0/24", false],
  ["203.0.113.0/24", false],
  ["240.0.0.0/4", false],
  ["255.255.255.255/32", false],
];

/** IANA's IPv6 Special-Purpose Address Registry, November 2026. */
const IPV6: Row[] = [
  ["::1/128", false],
  ["::/128", false],
  ["64:ff9b::/96", true],
  ["64:ff9b:1::/48", false],
  ["100::/64", false],
  ["100:0:0:1::/64", false],
  ["2001::/23", false],
  ["2001::/32", false],
  ["2001:1::1/128", true],
  ["2001:1::2/128", true],
  ["2001:1::3/128", true],
  ["2001:2::/48", false],
  ["2001:3::/32", true],
  ["2001:4:112::/48", true],
  ["2001:10::/28", false],
  ["2001:20::/28", true],
  ["2001:30::/28", true],
  ["2001:db8::/32", false],
  ["2002::/16", false],
  ["2620:4f:8000::/48", true],
  ["3fff::/20", false],
  ["5f00::/16", false],
  ["fc00::/7", false],
  ["fe80::/10", false],
];

/** Reachable, says the registry, but anycast to the nearest router, in the program's own network. */
const NEAREST = [
  "192.0.0.9/32",
  "192.0.0.10/32",
  "2001:1::1/128",
  "2001:1::2/128",
  "2001:1::3/128",
];

/** Its addresses come from IPv4: each is as public as that one. */
const NAT64 = "64:ff9b::/96";

function textOf({ bits, value }: Ip): string {
  const size = bits === 32 ? 8 : 16;
  const groups: string[] = [];
  for (let at = bits - size; at >= 0; at -= size) {
    const group = value >> BigInt(at) & (1n << BigInt(size)) - 1n;
    groups.push(group.toString(bits === 32 ? 10 : 16));
  }
  return groups.join(bits === 32 ? "." : ":");
}

/** The first and the last address of a range, and those before and after it. */
function edges(range: string): { inside: Ip[]; outside: Ip[] } {
  const [address, prefix] = range.split("/");
  const { bits, value: first } = parseIp(address)!;
  const last = first + (1n << BigInt(bits - Number(prefix))) - 1n;
  const outside = [first - 1n, last + 1n]
    .filter((value) => value >= 0n && value >> BigInt(bits) === 0n);
  const ip = (value: bigint): Ip => ({ bits, value });
  return { inside: [first, last].map(ip), outside: outside.map(ip) };
}

const ROWS = [...IPV4, ...IPV6].filter(([range]) => range !== NAT64);

/** What is not public, by the registry and node's arithmetic. */
function expected(ip: Ip): boolean {
  const family = ip.bits === 32 ? "ipv4" : "ipv6";
  const text = textOf(ip);
  const containing = ROWS.filter(([range]) => {
    const [address, prefix] = range.split("/");
    if (address.includes(":") !== (family === "ipv6")) return false;
    const list = new BlockList();
    list.addSubnet(address, Number(prefix), family);
    return list.check(text, family);
  });
  // The longest one says what an address is.
  const [row] = containing.sort(([a], [b]) =>
    Number(b.split("/")[1]) - Number(a.split("/")[1])
  );
  if (row !== undefined) return row[1] && !NEAREST.includes(row[0]);
  // Beside the registry: multicast, and what IANA has given to no host.
  return family === "ipv4" ? ip.value >> 28n !== 0xen : ip.value >> 125n === 1n;
}

Deno.test("what is public is what IANA's registries call reachable", () => {
  const wrong = new Set<string>();
  let count = 0;
  for (const [range] of ROWS) {
    const { inside, outside } = edges(range);
    for (const ip of [...inside, ...outside]) {
      count++;
      // Beside NAT64's own addresses, which the next test is about.
      const text = textOf(ip);
      if (isPublic(ip) !== expected(ip)) wrong.add(`${range}: ${text}`);
    }
  }
  assertEquals([...wrong], []);
  assertEquals(count > 180, true);
});

Deno.test("multicast, site-local and unassigned addresses are not public", () => {
  for (
    const text of [
      "224.0.0.1",
      "239.255.255.255",
      "ff02::1",
      "fec0::1",
      "::7f00:1",
      "4000::1",
      "1fff::1",
      "e000::1",
    ]
  ) assertEquals(isPublic(parseIp(text)!), false, text);
});

Deno.test("an IPv4 address within IPv6 is as public as it is itself", () => {
  for (
    const [text, is] of IPV4.map(([range]) =>
      [range.split("/")[0], false] as const
    )
  ) {
    if (expected(parseIp(text)!)) continue;
    assertEquals(isPublic(parseIp(`64:ff9b::${text}`)!), is, text);
    assertEquals(isPublic(parseIp(`::ffff:${text}`)!), is, text);
  }
  for (const text of ["64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "8.8.8.8"]) {
    assertEquals(isPublic(parseIp(text)!), true, text);
  }
  assertEquals(isPublic(parseIp("64:ff9b:1::8.8.8.8")!), false);
  assertEquals(isPublic(parseIp("2002:808:808::")!), false);
});

/** Special ranges of ipaddr.js that the registry calls reachable. */
const REACHABLE = ["as112", "amt", "as112v6", "orchid2"]
  .concat("droneRemoteIdProtocolEntityTags");

// The tables above were copied by hand; that package has another copy of them.
const ipaddr = await import("npm:ipaddr.js@^2.5.0").then(
  (module) => module.default,
  () => undefined,
);

Deno.test({
  name: "what is public is what ipaddr.js calls unicast",
  ignore: ipaddr === undefined,
  fn: () => {
    const { IPv4, IPv6 } = ipaddr!;
    type Table = Record<string, [{ toString(): string }, number][]>;
    const tables = [IPv4, IPv6].map((type) =>
      Object.entries(
        (type.prototype as unknown as { SpecialRanges: Table }).SpecialRanges,
      )
    ).flat();
    const ranges = [
      ...tables.flatMap(([, ranges]) =>
        (ranges[0] instanceof Array ? ranges : [ranges] as never)
          .map(([address, prefix]) => `${address}/${prefix}`)
      ),
      ...ROWS.map(([range]) => range),
    ];
    assertEquals(ranges.length > 80, true);
    const wrong = new Set<string>();
    for (const range of ranges) {
      const { inside, outside } = edges(range);
      for (const ip of [...inside, ...outside]) {
        const text = textOf(ip);
        const kind: string = ipaddr!.parse(text).range();
        // What has an IPv4 address within is as public as that one.
        if (kind === "rfc6052" || range.startsWith("::ffff:")) continue;
        const isHost = ip.bits === 32 || ip.value >> 125n === 1n;
        const is = isHost && ["unicast", ...REACHABLE].includes(kind);
        if (isPublic(ip) !== is) wrong.add(`${range}: ${text}: ${kind}`);
      }
    }
    assertEquals([...wrong], []);
  },
});

// Addresses as people write them, and as LuaSocket returns them.

import { assertEquals } from "@std/assert";
import {
  endpoint,
  formatAddr,
  formatAddress,
  isAddress,
  socketName,
} from "../../src/net/address.ts";

const ipv4: Deno.NetAddr = {
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 80,
};
const ipv6: Deno.NetAddr = { transport: "udp", hostname: "::1", port: 53 };
const unix: Deno.UnixAddr = { transport: "unix", path: "/run/socket" };
/** What Deno 2.9 says of an end that has no path; its types don't know of it. */
const nameless = { transport: "unix", path: null } as unknown as Deno.UnixAddr;

Deno.test("an address is written with its port, IPv6 in brackets", () => {
  assertEquals(formatAddress("example.com", 443), "example.com:443");
  assertEquals(formatAddr(ipv4), "127.0.0.1:80");
  assertEquals(formatAddr(ipv6), "[::1]:53");
  assertEquals(formatAddr(unix), "unix:/run/socket");
  assertEquals(formatAddr(nameless), "unix:");
});

Deno.test("an endpoint is address, port and family", () => {
  assertEquals(endpoint(ipv4), ["127.0.0.1", 80, "inet"]);
  assertEquals(endpoint(ipv6), ["::1", 53, "inet6"]);
  assertEquals(endpoint(unix), ["/run/socket", 0, "unix"]);
  assertEquals(endpoint(nameless), ["", 0, "unix"]);
});

Deno.test("a socket without a name is called by what it is and where", () => {
  assertEquals(socketName("server", ipv4), "tcp{server}: 127.0.0.1:80");
  assertEquals(socketName("client", ipv6), "tcp{client}: [::1]:53");
  assertEquals(socketName("server", unix), "unix{server}: /run/socket");
  assertEquals(socketName("client", nameless), "unix{client}");
});

Deno.test("an address is told from a name", () => {
  for (const host of ["127.0.0.1", "::1", "::ffff:10.0.0.1", "0"]) {
    assertEquals(isAddress(host), true, host);
  }
  for (const host of ["localhost", "example.com", "1.2.3.4.example"]) {
    assertEquals(isAddress(host), false, host);
  }
});

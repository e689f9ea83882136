import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ScopeError } from "../../src/errors/errors.ts";
import { NetPolicy } from "../../src/net/policy.ts";
import type { NetScope } from "../../src/net/scope.ts";

/** A policy for which every name has `addresses`. */
function policyOf(net: NetScope, ...addresses: string[]): NetPolicy {
  return new NetPolicy(
    "test",
    net,
    undefined,
    () => Promise.resolve(addresses),
  );
}

Deno.test("a name may point into the public internet", async () => {
  const found = await policyOf(
    ["example.com:443"],
    "93.184.216.34",
    "2606:2800::1",
  )
    .resolve("example.com", 443);
  assertEquals(found, ["93.184.216.34", "2606:2800::1"]);
});

Deno.test("a name must not point into a network that the scope doesn't allow", async () => {
  const local = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "no address",
  ];
  for (const ip of local) {
    const error = await assertRejects(
      () => policyOf(["example.com"], ip).resolve("example.com", 443),
      ScopeError,
      "Cannot connect to example.com:443, which is",
    );
    assertEquals(error.address.includes(ip), true);
  }
});

Deno.test("another entry lets a name point into a private network", async () => {
  const intranet = policyOf(["db.example:5432", "10.0.0.0/8:5432"], "10.1.2.3");
  assertEquals(await intranet.resolve("db.example", 5432), ["10.1.2.3"]);
  const wrongPort = policyOf(["db.example", "10.0.0.0/8:5432"], "10.1.2.3");
  await assertRejects(() => wrongPort.resolve("db.example", 80), ScopeError);
});

Deno.test("localhost may point to this machine, and to no other", async () => {
  for (const name of ["localhost", "LOCALHOST", "a.localhost"]) {
    const found = await policyOf([name], "127.0.0.1", "::1").resolve(name, 80);
    assertEquals(found, ["127.0.0.1", "::1"]);
  }
  await assertRejects(
    () => policyOf(["localhost"], "10.0.0.1").resolve("localhost", 80),
    ScopeError,
  );
  await assertRejects(
    () => policyOf(["notlocalhost"], "127.0.0.1").resolve("notlocalhost", 80),
    ScopeError,
  );
});

Deno.test("of a name's addresses only those are used that are allowed", async () => {
  const mixed = policyOf(["example.com"], "10.0.0.1", "93.184.216.34");
  assertEquals(await mixed.resolve("example.com", 443), ["93.184.216.34"]);
});

Deno.test("a view can only narrow: both scopes hold", () => {
  const outer = new NetPolicy("test", ["127.0.0.1:80", "127.0.0.1:81"]);
  const inner = new NetPolicy("test", ["127.0.0.1:81", "127.0.0.1:82"], outer);
  inner.authorize("connect", "127.0.0.1", 81);
  for (const port of [80, 82]) {
    const error = assertThrows(
      () => inner.authorize("connect", "127.0.0.1", port),
      ScopeError,
    );
    assertEquals(error.address, `127.0.0.1:${port}`);
    assertEquals(error.code, "scope");
  }
});

Deno.test("a name that a view's own scope lets point somewhere is still held against the outer one", async () => {
  const outer = policyOf(["db.example"], "10.0.0.1");
  const inner = new NetPolicy("test", ["db.example", "10.0.0.1"], outer);
  await assertRejects(() => inner.resolve("db.example", 80), ScopeError);
});

Deno.test("listen and connect have lists apart; a missing one allows nothing", () => {
  const apart = new NetPolicy("test", { listen: [":8080"] });
  apart.authorize("listen", "127.0.0.1", 8080);
  assertThrows(() => apart.authorize("connect", "127.0.0.1", 8080), ScopeError);
});

Deno.test("what is no scope is refused", () => {
  for (
    const net of [null, 1, "127.0.0.1", { bind: [] }, { listen: "127.0.0.1" }]
  ) {
    assertThrows(() => new NetPolicy("test", net as NetScope), TypeError);
  }
});

Deno.test("an address is not looked up", async () => {
  for (const host of ["127.0.0.1", "::1", "[::1]", "fe80::1%eth0"]) {
    const any = new NetPolicy(
      "test",
      [],
      undefined,
      () => Promise.reject(host),
    );
    assertEquals(await any.resolve(host, 80), undefined);
  }
});

Deno.test("without a scope nothing is looked up", async () => {
  const open = new NetPolicy(
    "test",
    undefined,
    undefined,
    () => Promise.reject("looked up"),
  );
  open.authorize("connect", "example.com", 80);
  assertEquals(await open.resolve("example.com", 80), undefined);
});

Deno.test("what was used is listed shortly, for views as well", () => {
  const outer = new NetPolicy("test");
  const inner = new NetPolicy("test", ["127.0.0.1", "[::1]"], outer);
  outer.authorize("listen", "0.0.0.0", 80);
  inner.authorize("connect", "127.0.0.1", 80);
  inner.authorize("connect", "127.0.0.1", 80);
  inner.authorize("connect", "::1", 81);
  assertEquals(inner.access.connect, ["127.0.0.1:80", "[::1]:81"]);
  assertEquals(
    String(outer.access),
    '"--allow-net=0.0.0.0:80,127.0.0.1:80,[::1]:81"',
  );
  for (let port = 1000; port < 1100; port++) {
    outer.authorize("connect", "127.0.0.1", port);
  }
  assertEquals(outer.access.connect, ["127.0.0.1", "[::1]:81"]);
  assertEquals(
    String(outer.access),
    '"--allow-net=0.0.0.0:80,127.0.0.1,[::1]:81"',
  );
});

Deno.test("a Unix socket's grant has its file", () => {
  const open = new NetPolicy("test");
  open.authorize("listen", "unix:/srv/s", 0);
  open.recordUnstable();
  assertEquals(
    String(open.access),
    "--unstable-net --allow-net=unix:/srv/s --allow-read=/srv/s --allow-write=/srv/s",
  );
});

Deno.test("nothing used, nothing granted", () => {
  assertEquals(String(new NetPolicy("test").access), "");
});

Deno.test("what is kept of the addresses is bounded, and the grant is then the whole network", () => {
  const open = new NetPolicy("test");
  const view = new NetPolicy("test", ["10.0.0.0/8"], open);
  for (let i = 0; i < 256; i++) view.authorize("connect", `10.0.0.${i}`, i);
  assertEquals(view.access.truncated, false);
  for (let i = 0; i < 10_000; i++) {
    view.authorize("connect", `10.1.${i >> 8}.${i & 255}`, i);
  }
  for (const { access } of [view, open]) {
    assertEquals([access.connect.length, access.truncated], [256, true]);
    assertEquals(String(access), "--allow-net");
  }
});

Deno.test("of two policies that hold at once, each refuses what it does not allow", async () => {
  const outer = new NetPolicy(
    "test",
    undefined,
    undefined,
    (name) => Promise.resolve([name === "a.example" ? "10.0.0.1" : "8.8.8.8"]),
  );
  const one = new NetPolicy("test", ["a.example", "b.example"], outer);
  const other = new NetPolicy("test", ["*.example", "10.0.0.0/8"], outer);
  assertEquals(one.and(outer), one);
  assertEquals(outer.and(other), other);
  const both = one.and(other);
  await assertRejects(() => both.resolve("a.example", 80), ScopeError);
  assertEquals(await both.resolve("b.example", 80), ["8.8.8.8"]);
  assertThrows(() => both.authorize("connect", "c.example", 80), ScopeError);
  both.authorize("connect", "b.example", 80);
  for (const { access } of [one, other, outer]) {
    assertEquals(access.connect, ["b.example:80"]);
  }
});

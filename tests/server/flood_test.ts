// Each limit of a server against real clients, hundreds at once.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { clientKey, IpList } from "../../src/net/ip_list.ts";
import { AcceptRates } from "../../src/server/accept_rate.ts";
import type { ServerOptions } from "../../src/server/options.ts";
import type { Server } from "../../src/server/server.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { ask, echo, TestServer } from "../fixtures/socket_server.ts";

function handleOf(server: TestServer): Server {
  return server.copas.status().servers[0] as Server;
}

/** What a client sees until its connection ends, be it by a reset. */
async function seenBy(client: Deno.Conn): Promise<string> {
  return await readText(client).catch(() => "");
}

async function clients(server: TestServer, count: number) {
  return await Promise.all(
    Array.from({ length: count }, () => server.connect()),
  );
}

for (
  const [overflow, seen] of [["close", ""], ["busy\n", "busy\n"], [
    new TextEncoder().encode("full\n"),
    "full\n",
  ]] as const
) {
  Deno.test(`beyond maxConnections clients see what overflow says: ${JSON.stringify(seen)}`, async () => {
    const options = { maxConnections: 20, overflow };
    await using server = TestServer.start(echo, options);
    const handle = handleOf(server);
    const all = await clients(server, 200);
    while (handle.counters.accepted < 200) await turn();
    assertEquals(handle.serving, 20);
    const texts = await Promise.all(all.slice(20).map(seenBy));
    assertEquals(new Set(texts), new Set([seen]));
    assertEquals(await ask(all[0], "still served"), "still served");
    assertEquals(handle.counters.refused, { maxConnections: 180 });
    all[1].close();
    while (handle.serving > 19) await turn();
    assertEquals(await ask(await server.connect(), "room"), "room");
  });
}

Deno.test("one address has no more than maxPerAddress connections; others are served", async () => {
  await using server = TestServer.start(echo, { maxPerAddress: 10 });
  const handle = handleOf(server);
  const all = await clients(server, 300);
  while (handle.counters.accepted < 300) await turn();
  assertEquals([handle.serving, handle.counters.refused], [
    10,
    { maxPerAddress: 290 },
  ]);
  await Promise.all(all.slice(10).map(seenBy));
  all[0].close();
  while (handle.serving > 9) await turn();
  assertEquals(await ask(await server.connect(), "next"), "next");
});

Deno.test("acceptrate lets a burst in, and then so many a second", async () => {
  const clock = new VirtualClock({ autojump: false });
  await using server = TestServer.start(
    echo,
    { acceptrate: { rate: 2, burst: 20 } },
    dispatcher(clock),
  );
  const handle = handleOf(server);
  await clients(server, 100);
  while (handle.counters.accepted < 100) await turn();
  assertEquals([handle.serving, handle.counters.refused], [
    20,
    { acceptrate: 80 },
  ]);
  await clock.advance(3);
  await clients(server, 10);
  while (handle.counters.accepted < 110) await turn();
  assertEquals(handle.serving, 26);
});

Deno.test("acceptrate remembers a bounded number of addresses", () => {
  const rates = new AcceptRates();
  const rate = { rate: 1, burst: 1 };
  for (let i = 0; i < 50_000; i++) rates.take(`${i}`, 0, rate);
  assertEquals(rates.size, 10_000);
  assertEquals(rates.take("49999", 0.5, rate), false);
  assertEquals(rates.take("49999", 1.1, rate), true);
});

Deno.test("allow and deny are lists of addresses and ranges; deny wins", async () => {
  const cases: [ServerOptions, boolean][] = [
    [{ allow: ["127.0.0.0/8"] }, true],
    [{ allow: ["10.0.0.0/8", "::1"] }, false],
    [{ deny: ["127.0.0.1"] }, false],
    [{ deny: ["::ffff:127.0.0.0/104"] }, false],
    [{ allow: ["127.0.0.1"], deny: ["127.0.0.0/30"] }, false],
    [{ deny: ["2001:db8::/32", "10.0.0.0/8"] }, true],
  ];
  for (const [options, isServed] of cases) {
    await using server = TestServer.start(echo, options);
    const client = await server.connect();
    await write(client, "hello\n").catch(() => {});
    const seen = await readText(client, 6).catch(() => "");
    assertEquals(seen, isServed ? "hello\n" : "", JSON.stringify(options));
  }
});

Deno.test("lists of addresses know IPv6, its ranges, and IPv4 within it", () => {
  const list = new IpList("c", "n", [
    "2001:db8::/33",
    "[::1]",
    "192.0.2.0/24",
    "::ffff:198.51.100.0/120",
  ]);
  const inside = ["2001:db8:1::9", "::1", "192.0.2.9", "::ffff:192.0.2.1"];
  const outside = ["2001:db8:8000::", "::2", "192.0.3.1", "a.example", ""];
  assertEquals(inside.map((ip) => list.has(ip)), [true, true, true, true]);
  assertEquals(list.has("198.51.100.7"), true);
  assertEquals(outside.some((ip) => list.has(ip)), false);
  for (
    const wrong of [
      "",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "10.0.0.0/",
      "a.example",
      "::/129",
      "::ffff:1.2.3.4/95",
      "010.0.0.1",
      5,
    ]
  ) {
    assertThrows(() => new IpList("c", "allow", [wrong]), TypeError, "allow");
  }
  assertEquals(clientKey("2001:db8::1"), clientKey("2001:db8::ffff:2"));
  assert(clientKey("2001:db8::1") !== clientKey("2001:db8:0:1::1"));
  assert(clientKey("192.0.2.1") !== clientKey("192.0.2.2"));
});

Deno.test("idletimeout closes connections on which nothing comes or goes, and no other", async () => {
  const clock = new VirtualClock({ autojump: false });
  const options = { idletimeout: 60 };
  await using server = TestServer.start(echo, options, dispatcher(clock));
  const handle = handleOf(server);
  const all = await clients(server, 300);
  while (handle.serving < 300) await turn();
  for (let i = 0; i < 9; i++) {
    await clock.advance(7.5);
    assertEquals(await ask(all[0], "busy"), "busy");
  }
  while (handle.serving > 1) await turn();
  const ends = await Promise.all(all.slice(1).map(seenBy));
  assertEquals(new Set(ends), new Set([""]));
  assertEquals(await ask(all[0], "busy"), "busy");
  const { closed, handlerErrors } = handle.counters;
  assertEquals([closed, handlerErrors], [{ idletimeout: 299 }, 0]);
});

Deno.test("idletimeout closes the connection of a peer that does not read, and lifetime any", async () => {
  const clock = new VirtualClock();
  const copas = dispatcher(clock);
  await using server = TestServer.start(
    async (conn, copas) => {
      const line = await copas.receive(conn);
      for (;;) {
        await copas.send(conn, "x".repeat(line === "flood" ? 60_000 : 1));
        if (line !== "flood") await copas.pause(1);
      }
    },
    { idletimeout: 30, lifetime: 100 },
    copas,
  );
  const handle = handleOf(server);
  const [flooded, slow] = await clients(server, 2);
  await write(flooded, "flood\n");
  await write(slow, "slow\n");
  await readText(slow);
  assert(clock.now() >= 100 && clock.now() < 102, `${clock.now()}`);
  assertEquals(handle.counters.closed, { idletimeout: 1, lifetime: 1 });
});

Deno.test("mininput closes a slow drip, and leaves idle and answered clients alone", async () => {
  const clock = new VirtualClock({ autojump: false });
  await using server = TestServer.start(
    echo,
    { mininput: 10 },
    dispatcher(clock),
  );
  const handle = handleOf(server);
  const [idle, answered, ...drips] = await clients(server, 200);
  for (let second = 0; second < 12; second++) {
    assertEquals(await ask(answered, "?"), "?");
    for (const drip of drips) {
      await drip.write(new Uint8Array([120])).catch(() => {});
    }
    for (let i = 0; i < 3; i++) await turn();
    await clock.advance(1);
  }
  while (handle.serving > 2) await turn();
  assertEquals(handle.counters.closed, { mininput: 198 });
  assertEquals(await ask(idle, "here"), "here");
});

Deno.test("limits in time can be changed for the connections that are there", async () => {
  const clock = new VirtualClock({ autojump: false });
  await using server = TestServer.start(echo, {}, dispatcher(clock));
  const handle = handleOf(server);
  const client = await server.connect();
  await ask(client, "hello");
  handle.limits.lifetime = 10;
  await clock.advance(11);
  assertEquals(await readText(client), "");
});

Deno.test("a socket has an idletimeout and a lifetime of its own", async () => {
  const clock = new VirtualClock();
  const reasons: string[] = [];
  await using server = TestServer.start(
    async (conn, copas) => {
      const skt = copas.wrap(conn);
      const line = await skt.receive();
      if (line === "idle") skt.idletimeout(8);
      else skt.lifetime(20);
      await skt.receive().catch((error) => reasons.push(error.message));
    },
    undefined,
    dispatcher(clock),
  );
  for (const word of ["idle", "life"]) {
    const client = await server.connect();
    await write(client, `${word}\n`);
    assertEquals(await readText(client), "");
  }
  const why = reasons.map((reason) => reason.replace(/.*is closed: /, ""));
  assertEquals(why, [
    "no byte came or went for 8 s (idletimeout)",
    "its lifetime of 20 s is over",
  ]);
  const skt = new Copas().socket.tcp();
  assertThrows(() => skt.idletimeout(0), RangeError, "above 0");
  assertThrows(() => skt.lifetime(NaN), RangeError, "lifetime()");
  skt.idletimeout();
  await skt.close();
});

Deno.test("limits that are none, or have no effect, are refused", () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  const wrong: [Record<string, unknown>, string][] = [
    [{ maxPerAddress: 0 }, "maxPerAddress"],
    [{ overflow: 5 }, "overflow"],
    [{ idletimeout: 0 }, "idletimeout"],
    [{ lifetime: -1 }, "lifetime"],
    [{ mininput: "fast" }, "mininput"],
    [{ handshaketimeout: -1 }, "handshaketimeout"],
    [{ acceptrate: 5 }, "acceptrate"],
    [{ acceptrate: { rate: 0 } }, "rate of acceptrate"],
    [{ acceptrate: { rate: Infinity } }, "rate of acceptrate"],
    [{ acceptrate: { rate: 1, burts: 2 } }, "burts"],
    [{ allow: "127.0.0.1" }, "allow"],
    [{ deny: ["nonsense"] }, "deny"],
  ];
  for (const [options, named] of wrong) {
    assertThrows(
      () => copas.addserver(listener, () => {}, options),
      Error,
      named,
    );
  }
  for (const acceptrate of [{ rate: "5" }, { rate: 5, burst: null }]) {
    assertThrows(
      () => copas.addserver(listener, () => {}, { acceptrate } as never),
      TypeError,
      "of acceptrate must be a number",
    );
  }
  assertEquals(copas.status().servers, []);
  listener.close();
  const path = Deno.makeTempDirSync() + "/socket";
  const unix = Deno.listen({ transport: "unix", path });
  assertThrows(
    () => copas.addserver(unix, () => {}, { allow: ["10.0.0.0/8"] }),
    TypeError,
    "have none",
  );
  unix.close();
});

Deno.test("maxbuffered bounds what unfinished lines take; short ones are served meanwhile, and the worst offender is closed", async () => {
  const clock = new VirtualClock({ autojump: false });
  const max = 1024 * 1024;
  await using server = TestServer.start(
    echo,
    { maxbuffered: max },
    dispatcher(clock),
  );
  const handle = handleOf(server);
  const all = await clients(server, 300);
  const part = new Uint8Array(100_000).fill(120);
  // What the server does not read stays with the kernel, or the write waits.
  const writes = all.map((client) => client.write(part).catch(() => {}));
  for (let i = 0; i < 300; i++) await turn();
  const small = 1000 * 512;
  assert(handle.buffered > max / 2, `${handle.buffered}`);
  assert(handle.buffered <= max + small, `${handle.buffered}`);
  const honest = await server.connect();
  assertEquals(await ask(honest, "still served"), "still served");
  assertEquals(handle.counters.closed, {});
  for (let i = 0; i < 6; i++) {
    await clock.advance(1);
    for (let j = 0; j < 10; j++) await turn();
  }
  assert(handle.counters.closed.maxbuffered >= 1);
  assert(handle.buffered <= max + small, `${handle.buffered}`);
  for (const client of all) client.close();
  await Promise.all(writes);
  // Those that wait for room find out when they get it.
  while (handle.serving > 1) {
    await clock.advance(1);
    for (let j = 0; j < 10; j++) await turn();
  }
  assert(handle.buffered <= 2048, `${handle.buffered}`);
});

Deno.test("maxbuffered bounds what slow readers take in small pieces", async () => {
  const max = 128 * 1024;
  const size = 300_000;
  const much = new Uint8Array(32_000_000).fill(120);
  await using server = TestServer.start(async (conn, copas) => {
    const skt = copas.wrap(conn);
    await skt.receive();
    await skt.send(much);
    await skt.receive();
  }, { maxbuffered: max });
  const handle = handleOf(server);
  const all = await clients(server, 10);
  for (const client of all) await write(client, "go\n");
  while (handle.buffered < 64 * 1024) await turn();
  for (let i = 0; i < 100; i++) await turn();
  assert(handle.buffered <= max + 10 * 1024, `${handle.buffered}`);
  // Those who read get all of it, in small pieces.
  assertEquals((await readText(all[0], size)).length, size);
});

Deno.test("a lower maxbuffered closes the worst offenders until no more than twice as much is held", async () => {
  await using server = TestServer.start(echo, { maxbuffered: 1024 * 1024 });
  const handle = handleOf(server);
  const all = await clients(server, 10);
  for (const [i, client] of all.entries()) {
    await write(client, "x".repeat(i < 5 ? 30_000 : 10));
  }
  while (handle.buffered < 5 * 30_000) await turn();
  handle.limits.maxbuffered = 50_000;
  assert(handle.buffered <= 100_000, `${handle.buffered}`);
  const { maxbuffered } = handle.counters.closed;
  while (handle.serving > 10 - maxbuffered) await turn();
  assert(maxbuffered >= 1 && maxbuffered <= 5);
  await write(all[9], "\n");
  assertEquals(await readText(all[9], 11), "x".repeat(10) + "\n");
});

Deno.test("maxbuffered of the dispatcher holds for all its sockets together", async () => {
  const copas = new Copas({
    clock: new VirtualClock(),
    maxbuffered: 64 * 1024,
  });
  await using server = TestServer.start(echo, undefined, copas);
  const handle = handleOf(server);
  const all = await clients(server, 100);
  const part = new Uint8Array(20_000).fill(120);
  for (const client of all) await client.write(part);
  for (let i = 0; i < 100; i++) await turn();
  assert(handle.buffered <= 64 * 1024 + 100 * 512, `${handle.buffered}`);
  assertThrows(() => new Copas({ maxbuffered: 0 }), RangeError, "maxbuffered");
});

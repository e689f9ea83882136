// Bytes both ways: half-close, back-pressure, errors and limits of a relay.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  ClosedError,
  type Copas,
  type RelayOptions,
  TimeoutError,
} from "../../mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import {
  pattern,
  read,
  readText,
  same,
  tcpPair,
  write,
} from "../fixtures/socket_pair.ts";

/** Two connections with a relay between them; `a` and `b` are the peers, plain Deno. */
async function relayed(options?: RelayOptions, copas: Copas = dispatcher()) {
  const [left, right] = [await tcpPair(), await tcpPair()];
  const skts = [copas.wrap(left.ours), copas.wrap(right.ours)] as const;
  let outcome: unknown;
  copas.addnamedthread("relay", async () => {
    outcome = await copas.relay(...skts, options).catch((error) => error);
  });
  const loop = copas.loop();
  return {
    copas,
    skts,
    a: left.theirs,
    b: right.theirs,
    /** What the relay resolved to, or its error. */
    outcome: () => loop.then(() => outcome),
    [Symbol.dispose]() {
      left[Symbol.dispose]();
      right[Symbol.dispose]();
    },
  };
}

Deno.test("a relay passes bytes on both ways, and tells how many", async () => {
  using relay = await relayed();
  await write(relay.a, "hello");
  assertEquals(await readText(relay.b, 5), "hello");
  await write(relay.b, "hi");
  assertEquals(await readText(relay.a, 2), "hi");
  await relay.a.closeWrite();
  await relay.b.closeWrite();
  assertEquals(await relay.outcome(), [5, 2]);
});

Deno.test("the end of one side is passed on, and the other direction goes on", async () => {
  using relay = await relayed();
  await write(relay.a, "all that I say");
  await relay.a.closeWrite();
  assertEquals(await readText(relay.b), "all that I say");
  await write(relay.b, "the answer");
  await relay.b.closeWrite();
  assertEquals(await readText(relay.a), "the answer");
  assertEquals(await relay.outcome(), [14, 10]);
});

Deno.test("megabytes pass both ways at once, unchanged", async () => {
  using relay = await relayed();
  const [one, two] = [pattern(5_000_003), pattern(3_000_001)];
  const [heardByB, heardByA] = await Promise.all([
    read(relay.b),
    read(relay.a),
    write(relay.a, one).then(() => relay.a.closeWrite()),
    write(relay.b, two).then(() => relay.b.closeWrite()),
  ]);
  assertEquals([same(heardByB, one), same(heardByA, two)], [true, true]);
  assertEquals(await relay.outcome(), [one.length, two.length]);
});

Deno.test("a side that does not read makes the other one wait, and nothing piles up", async () => {
  using relay = await relayed();
  const much = pattern(64 * 1024 * 1024);
  let isWritten = false;
  const writing = write(relay.a, much).then(() => isWritten = true);
  // The relay stands still when its counts do.
  let before = -1;
  let now = 0;
  while (now !== before || now === 0) {
    before = now;
    for (let i = 0; i < 200; i++) await new Promise(setImmediate);
    now = relay.skts[0].getstats()[0];
  }
  assertEquals(isWritten, false);
  const [received] = relay.skts[0].getstats();
  const [, sent] = relay.skts[1].getstats();
  assert(received - sent <= 128 * 1024, `${received} - ${sent}`);
  const heard = read(relay.b, much.length);
  await writing;
  assertEquals(same(await heard, much), true);
  await relay.a.closeWrite();
  await relay.b.closeWrite();
  assertEquals(await relay.outcome(), [much.length, 0]);
});

Deno.test("what was received before and is left over is passed on, too", async () => {
  const copas = dispatcher();
  const [left, right] = [await tcpPair(), await tcpPair()];
  using _left = left;
  using _right = right;
  await write(left.theirs, "CONNECT host\nthe rest");
  await left.theirs.closeWrite();
  await right.theirs.closeWrite();
  copas.addthread(async () => {
    const skt = copas.wrap(left.ours);
    assertEquals(await skt.receive(), "CONNECT host");
    assertEquals(await copas.relay(skt, right.ours), [8, 0]);
  });
  await copas.loop();
  assertEquals(await readText(right.theirs), "the rest");
});

Deno.test("a side that does not read for its send timeout ends a relay", async () => {
  using relay = await relayed(undefined, dispatcher(new VirtualClock()));
  relay.skts[1].settimeouts(undefined, 5);
  const writing = write(relay.a, pattern(64 * 1024 * 1024)).catch(() => {});
  assert(await relay.outcome() instanceof TimeoutError);
  assertEquals(relay.skts.map((skt) => skt.closed), [true, true]);
  await writing;
});

Deno.test("a receive timeout runs anew with each chunk of a relay", async () => {
  const clock = new VirtualClock();
  const copas = dispatcher(clock);
  const [left, right] = [await tcpPair(), await tcpPair()];
  using _left = left;
  using _right = right;
  const peer = copas.wrap(left.theirs);
  copas.wrap(left.ours).settimeouts(undefined, undefined, 8);
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) {
      await peer.send("x");
      await copas.wrap(right.theirs).receive(1);
      await copas.pause(6);
    }
  });
  let outcome: unknown;
  copas.addthread(async () => {
    outcome = await copas.relay(left.ours, right.ours).catch((error) => error);
  });
  await copas.loop();
  assert(outcome instanceof TimeoutError);
  assertEquals(clock.now(), 20);
});

Deno.test("a relay goes on among sends of other threads, and no byte changes", async () => {
  using relay = await relayed();
  const [, right] = relay.skts;
  const total = 2_000_000;
  relay.copas.addthread(async () => {
    for (let i = 0; i < 200; i++) {
      await right.send(new Uint8Array(1000).fill(1));
      await relay.copas.pause(0);
    }
  });
  const heard = read(relay.b, total + 200_000);
  const data = new Uint8Array(total).map((_, i) => 2 + i % 200);
  await write(relay.a, data);
  assertEquals(same((await heard).filter((byte) => byte !== 1), data), true);
  await relay.a.closeWrite();
  await relay.b.closeWrite();
  assertEquals(await relay.outcome(), [total, 0]);
});

Deno.test("when one side breaks, the other one learns that its stream was cut", async () => {
  using relay = await relayed();
  await write(relay.a, "half of it");
  assertEquals(await readText(relay.b, 10), "half of it");
  relay.skts[0].abort();
  assert(await relay.outcome() instanceof ClosedError);
  assertEquals(relay.skts.map((skt) => skt.closed), [true, true]);
});

Deno.test("a relay without a byte in either direction ends after its idle timeout", async () => {
  const clock = new VirtualClock();
  using relay = await relayed({ idletimeout: 8 }, dispatcher(clock));
  const error = await relay.outcome();
  assert(error instanceof TimeoutError);
  assertEquals(
    error.message,
    "Cannot relay: timed out after 8 s without a byte in either direction",
  );
  assertEquals(clock.now(), 8);
  assertEquals(relay.skts.map((skt) => skt.closed), [true, true]);
});

Deno.test("a byte in one direction keeps both from the idle timeout", async () => {
  const clock = new VirtualClock();
  const copas = dispatcher(clock);
  const [left, right] = [await tcpPair(), await tcpPair()];
  using _left = left;
  using _right = right;
  const peer = copas.wrap(left.theirs);
  copas.addthread(async () => {
    for (let i = 0; i < 5; i++) {
      await peer.send("x");
      await copas.wrap(right.theirs).receive(1);
      await copas.pause(6);
    }
    await peer.close();
    await copas.wrap(right.theirs).close();
  });
  copas.addthread(async () => {
    const counts = await copas.relay(left.ours, right.ours, { idletimeout: 8 });
    assertEquals(counts, [5, 0]);
  });
  await copas.loop();
  assert(clock.now() >= 30);
});

Deno.test("a signal ends a relay, and so does the removal of its thread", async () => {
  const abort = new AbortController();
  using signalled = await relayed({ signal: abort.signal });
  abort.abort();
  const error = await signalled.outcome();
  assert(error instanceof CancelledError);
  assertEquals(error.message, "Cannot relay: the signal was aborted");

  const copas = dispatcher();
  const [left, right] = [await tcpPair(), await tcpPair()];
  using _left = left;
  using _right = right;
  const thread = copas.addthread(() => copas.relay(left.ours, right.ours));
  copas.addthread(() => copas.removethread(thread));
  await copas.loop();
  assertEquals(
    [left.ours, right.ours].map((conn) => copas.wrap(conn).closed),
    [true, true],
  );
});

Deno.test("a relay refuses wrong arguments", async () => {
  const copas = dispatcher();
  const [left, right] = [await tcpPair(), await tcpPair()];
  using _left = left;
  using _right = right;
  const fails = (...args: unknown[]) =>
    copas.relay(...args as Parameters<Copas["relay"]>);
  const { ours: a } = left;
  const { ours: b } = right;
  await assertRejects(() => fails(a, a), TypeError, "the same one");
  await assertRejects(() => fails(a, "b"), TypeError);
  await assertRejects(() => fails(a, b, { idle: 1 }), TypeError, "idle");
  await assertRejects(() => fails(a, b, { idletimeout: -1 }), RangeError);
  await assertRejects(() => fails(a, b, { signal: 1 }), TypeError, "signal");
  await copas.wrap(a).close();
  await assertRejects(() => fails(a, b), ClosedError, "relay()");
  await copas.wrap(b).close();
});

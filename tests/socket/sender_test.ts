// What send takes, and how it goes out.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelledError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { pattern, read, same, tcpPair } from "../fixtures/socket_pair.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("send resolves to the number of bytes, of text in UTF-8", async () => {
  const { conn, skt } = scripted();
  assertEquals(await skt.send("hello"), 5);
  assertEquals(await skt.send("grüße 🎉"), 12);
  assertEquals(await skt.send(bytes([0, 255, 10])), 3);
  assertEquals(await skt.send("\ud800!"), 4); // half a pair has no UTF-8 of its own
  await skt.flush();
  assertEquals(
    conn.written,
    bytes("hellogrüße 🎉", [0, 255, 10], "\ufffd!"),
  );
});

Deno.test("an empty send is no write", async () => {
  const { conn, skt } = scripted();
  assertEquals(await skt.send(""), 0);
  assertEquals(await skt.send(new Uint8Array(0)), 0);
  await skt.flush();
  assertEquals(conn.writes.length, 0);
});

Deno.test("the sends of one turn go out in one write, of all threads together", async () => {
  let writes = 0;
  // Where other processes take the processor meanwhile, the slice of time is over early.
  for (let tries = 0; tries < 20 && writes !== 1; tries++) {
    await turn();
    const { copas, conn, skt } = scripted();
    copas.addthread(async () => {
      for (let i = 0; i < 5; i++) await skt.send(`a${i} `);
    });
    copas.addthread(async () => {
      for (let i = 0; i < 5; i++) await skt.send(bytes(`b${i} `));
    });
    await copas.loop();
    writes = conn.writes.length;
    assertEquals(
      text(conn.written).trim().split(" ").toSorted().join(" "),
      "a0 a1 a2 a3 a4 b0 b1 b2 b3 b4",
    );
  }
  assertEquals(writes, 1);
});

Deno.test("what is sent goes out by the end of the turn, though the dispatcher is not driven", async () => {
  const { conn, skt } = scripted();
  skt.send("now");
  assertEquals(conn.writes.length, 0);
  await turn();
  assertEquals(text(conn.written), "now");
});

Deno.test("while a write is under way, what is sent is collected for the next one", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  await skt.send("first");
  await turn();
  for (let i = 0; i < 10; i++) {
    await skt.send(`${i}`);
    await turn();
  }
  assertEquals(conn.offered, 5);
  conn.take();
  await turn();
  assertEquals(conn.offered, 10);
  conn.release();
  await skt.flush();
  assertEquals(conn.writes.map(text), ["first", "0123456789"]);
});

Deno.test("a write that takes only a part is followed by the rest", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  skt.send("abcdefghij");
  const flushed = skt.flush();
  for (const count of [3, 1, 4, 2]) {
    conn.take(count);
    await turn();
  }
  await flushed;
  assertEquals(conn.writes.map(text), ["abc", "d", "efgh", "ij"]);
});

Deno.test("text and bytes of any size come in order and complete", async () => {
  const { conn, skt } = scripted();
  const parts: (string | Uint8Array)[] = [];
  for (
    const size of [
      1,
      1000,
      1024,
      8192,
      20_000,
      22_000,
      65_535,
      65_536,
      65_537,
      300_000,
    ]
  ) {
    parts.push(pattern(size), "é".repeat(size), "x".repeat(size));
  }
  let length = 0;
  for (const part of parts) length += await skt.send(part);
  await skt.flush();
  const whole = bytes(
    ...parts.map((part) => typeof part === "string" ? part : [...part]),
  );
  assertEquals(length, whole.length);
  assert(same(conn.written, whole));
});

Deno.test("ten megabytes to a slow reader arrive in order and complete", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  const data = pattern(10 * 1024 * 1024);
  const sent = skt.send(data);
  const got = new Uint8Array(data.length);
  let at = 0;
  while (at < got.length) {
    // A turn after each small read: the sender is faster all the time.
    const into = new Uint8Array(16 * 1024);
    const n = await pair.theirs.read(into);
    got.set(into.subarray(0, n!), at);
    at += n!;
    if (at % 7 === 0) await turn();
  }
  assertEquals(await sent, data.length);
  assert(same(got, data));
  skt.close();
});

Deno.test("the caller's array may be changed as soon as send has resolved", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const data = bytes("first");
  await skt.send(data);
  data.fill(0);
  await skt.send("!");
  conn.release();
  await skt.flush();
  assertEquals(text(conn.written), "first!");

  using pair = await tcpPair();
  const copas = dispatcher();
  const real = copas.wrap(pair.ours);
  const large = pattern(3 * 1024 * 1024);
  const copy = large.slice();
  const reading = read(pair.theirs, large.length);
  await real.send(large);
  large.fill(0);
  assert(same(await reading, copy));
  real.close();
});

Deno.test("a part of a larger array is sent, not the whole", async () => {
  const { conn, skt } = scripted();
  const whole = bytes("0123456789");
  assertEquals(await skt.send(whole.subarray(3, 6)), 3);
  await skt.flush();
  assertEquals(text(conn.written), "345");
});

Deno.test("flush resolves when all that was sent is with the kernel, and at once when it is", async () => {
  const { conn, skt } = scripted();
  await skt.flush();
  conn.hold();
  await skt.send("one");
  let flushed = false;
  const done = skt.flush().then(() => flushed = true);
  await turn();
  assertEquals([flushed, conn.offered], [false, 3]);
  conn.release();
  await done;
  assertEquals(text(conn.written), "one");
});

Deno.test("flush takes part in the order: what is sent after it does not hold it up", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const order: string[] = [];
  const data = pattern(100_000);
  const done = [
    skt.send(data).then(() => order.push("first")),
    skt.flush().then(() => order.push("flush")),
    skt.send(data).then(() => order.push("second")),
  ];
  await turn();
  conn.take();
  await turn();
  assertEquals(order, ["first"]);
  conn.take();
  await turn();
  assertEquals(order, ["first", "flush"]);
  conn.release();
  await Promise.all(done);
  await skt.flush();
  assert(same(conn.written, bytes([...data], [...data])));
});

Deno.test("a signal that was aborted before: nothing is sent", async () => {
  const { conn, skt } = scripted();
  const signal = AbortSignal.abort(new Error("enough"));
  for (const data of ["small", pattern(100_000)]) {
    const error = await assertRejects(
      () => skt.send(data, { signal }),
      CancelledError,
      "Cannot send to tcp{client}: 192.0.2.2:2222: the signal was aborted",
    );
    assertEquals((error.cause as Error).message, "enough");
  }
  await skt.flush();
  assertEquals(conn.writes.length, 0);
});

Deno.test("what is no data is named, and nothing is sent", async () => {
  const { conn, skt } = scripted();
  // deno-lint-ignore no-explicit-any
  const send = (data: any, options?: any) => skt.send(data, options);
  for (
    const [wrong, shown] of [
      [undefined, "undefined"],
      [null, "null"],
      [5, "5"],
      [new ArrayBuffer(3), "ArrayBuffer"],
      [new Uint16Array(3), "Uint16Array(6)"],
      [["a"], "an array of 1"],
    ] as const
  ) {
    await assertRejects(
      () => send(wrong),
      TypeError,
      `send(): the data must be a string or a Uint8Array, got ${shown}`,
    );
  }
  for (
    const [options, message] of [
      [2, "the options must be an object, got 2"],
      [{ timeout: "1" }, 'the timeout must be a number of seconds, got "1"'],
      [{ signal: 1 }, "the signal must be an AbortSignal, got 1"],
    ] as const
  ) {
    await assertRejects(
      () => send("x", options),
      TypeError,
      `send(): ${message}`,
    );
  }
  // deno-lint-ignore no-explicit-any
  const flush = (options: any) => skt.flush(options);
  await assertRejects(
    () => flush("now"),
    TypeError,
    'flush(): the options must be an object, got "now"',
  );
  await skt.flush();
  assertEquals(conn.writes.length, 0);
});

Deno.test("bytes that were given away are named as such, and not sent as nothing", async () => {
  const { copas, skt } = scripted();
  const data = bytes("abc");
  data.buffer.transfer();
  await assertRejects(
    () => skt.send(data),
    TypeError,
    "send(): the data was transferred",
  );
  await skt.close();
  await copas.loop();
});

// How long receive waits, and what it leaves when it gives up.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { CancelledError, TimeoutError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { tcpPair, write } from "../fixtures/socket_pair.ts";
import { scripted, text } from "../fixtures/socket_script.ts";

Deno.test("a timed-out receive leaves its bytes for the next one", async () => {
  const { conn, skt, clock } = scripted();
  conn.feed("hel");
  const error = await assertRejects(
    () => skt.receive("*l", { timeout: 2.5 }),
    TimeoutError,
  );
  assertEquals(clock.now(), 2.5);
  assertEquals(text(error.partial), "hel");
  assertEquals(error.code, "timeout");
  assertEquals(
    error.message,
    "Cannot receive from tcp{client}: 192.0.2.2:2222: timed out after 2.5 s",
  );
  conn.feed("lo\n");
  assertEquals(await skt.receive(), "hello");
});

Deno.test("the partial data of a timeout is a copy", async () => {
  const { conn, skt } = scripted();
  conn.feed("abc");
  const error = await assertRejects(
    () => skt.receive(4, { timeout: 1 }),
    TimeoutError,
  );
  error.partial!.fill(0);
  conn.feed("d");
  assertEquals(text(await skt.receive(4)), "abcd");
});

Deno.test("one timeout is for the whole call, however the bytes trickle in", async () => {
  const { copas, clock, conn, skt } = scripted();
  skt.settimeout(1);
  let error: unknown;
  copas.addthread(async () => {
    error = await skt.receive("*a").catch((error) => error);
    assertEquals(clock.now(), 1);
  });
  copas.addthread(async () => {
    for (const piece of ["1", "2", "3", "4"]) {
      await copas.pause(0.4);
      conn.feed(piece);
    }
    conn.end();
  });
  await copas.loop();
  assertInstanceOf(error, TimeoutError);
  assertEquals(text(error.partial), "12");
  assertEquals(await skt.receive("*a"), "1234");
});

Deno.test("a call's timeout goes before the socket's; forever is negative or Infinity", async () => {
  const { copas, clock, conn, skt } = scripted();
  skt.settimeout(5);
  await assertRejects(() => skt.receive(), TimeoutError, "after 5 s");
  await assertRejects(
    () => skt.receive("*l", { timeout: 2 }),
    TimeoutError,
    "after 2 s",
  );
  await assertRejects(
    () => skt.receive("*l", { timeout: undefined }),
    TimeoutError,
    "after 5 s",
  );
  assertEquals(clock.now(), 12);
  for (const timeout of [-1, Infinity, -Infinity]) {
    let line: unknown;
    copas.addthread(async () => {
      line = await skt.receive("*l", { timeout });
    });
    copas.addthread(async () => {
      await copas.pause(1000);
      conn.feed("late\n");
    });
    await copas.loop();
    assertEquals(line, "late");
  }
  skt.settimeout();
  const late = skt.receive();
  const other = copas.wrap(scripted().conn.conn);
  await assertRejects(() => other.receive("*l", { timeout: 1e6 }));
  conn.feed("later\n");
  assertEquals(await late, "later");
});

Deno.test("a timeout of 0 takes what is there and does not wait", async () => {
  const { clock, conn, skt } = scripted();
  skt.settimeout(0);
  const error = await assertRejects(() => skt.receive(), TimeoutError);
  assertEquals(error.partial, new Uint8Array(0));
  conn.feed("one\ntwo\nthr");
  await turn();
  assertEquals(await skt.receive(), "one");
  assertEquals(await skt.receive("*l", { timeout: 0 }), "two");
  const cut = await assertRejects(() => skt.receive(), TimeoutError);
  assertEquals(text(cut.partial), "thr");
  assertEquals(await skt.receivepartial(), "thr");
  assertEquals(clock.now(), 0);
});

Deno.test("a timeout of 0 finds what the system has already, on a socket that was not read before", async () => {
  let found = 0;
  for (let i = 0; i < 20; i++) {
    using pair = await tcpPair();
    const skt = dispatcher().wrap(pair.ours);
    await write(pair.theirs, "here\n");
    await skt.receive("*l", { timeout: 0 }).then(() => found++, () => {});
    skt.close();
  }
  // A busy system may not have carried it over yet; without asking it, it is never there.
  assert(found > 10, `${found} of 20`);
});

Deno.test("a signal ends the call with its reason, and takes nothing", async () => {
  const { conn, skt } = scripted();
  const controller = new AbortController();
  const line = skt.receive("*l", { signal: controller.signal });
  conn.feed("ab");
  await turn();
  const reason = new Error("enough");
  controller.abort(reason);
  const error = await assertRejects(() => line, CancelledError);
  assertEquals(error.cause, reason);
  assertEquals(
    error.message,
    "Cannot receive from tcp{client}: 192.0.2.2:2222: the signal was aborted",
  );
  conn.feed("c\n");
  assertEquals(await skt.receive(), "abc");
});

Deno.test("a signal that was aborted before ends the call even if there is data", async () => {
  const { conn, skt } = scripted();
  conn.feed("one\ntwo\n");
  assertEquals(await skt.receive(), "one");
  await assertRejects(
    () => skt.receive("*l", { signal: AbortSignal.abort() }),
    CancelledError,
  );
  assertEquals(await skt.receive(), "two");
});

Deno.test("a signal that aborts after the call has no effect, and is not held", async () => {
  const { conn, skt } = scripted();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  conn.feed("one\ntwo\n");
  assertEquals(await skt.receive("*l", { signal }), "one");
  assertEquals(listeners, 0);
  controller.abort();
  assertEquals(await skt.receive(), "two");
});

Deno.test("wrong options are named, and nothing is taken", async () => {
  const { conn, skt } = scripted();
  conn.feed("line\nmore\n");
  assertEquals(await skt.receive(), "line");
  // deno-lint-ignore no-explicit-any
  const receive = (options: any) => skt.receive("*l", options);
  for (
    const [options, message] of [
      ["prefix", 'the options must be an object, got "prefix"'],
      [5, "the options must be an object, got 5"],
      [
        { timeout: "5" },
        'the timeout must be a number of seconds, got "5"',
      ],
      [{ timeout: null }, "the timeout must be a number of seconds, got null"],
      [{ signal: {} }, "the signal must be an AbortSignal, got Object"],
    ] as const
  ) {
    await assertRejects(
      () => receive(options),
      TypeError,
      `receive(): ${message}`,
    );
  }
  await assertRejects(() => receive({ timeout: NaN }), RangeError, "got NaN");
  assertEquals(await skt.receive(), "more");
});

Deno.test("a receive without a limit does not end when the time of an earlier one is up", async () => {
  const { copas, clock, conn, skt } = scripted();
  const got: unknown[] = [];
  copas.addthread(async () => {
    got.push(await skt.receive("*l", { timeout: 1 }));
    got.push(await skt.receive(), clock.now());
  });
  copas.addthread(async () => {
    await copas.pause(0.5);
    conn.feed("first\n");
    await copas.pause(5);
    conn.feed("second\n");
  });
  await copas.loop();
  assertEquals(got, ["first", "second", 5.5]);
});

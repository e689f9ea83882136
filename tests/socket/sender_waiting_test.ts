// A peer that does not read makes send wait; what then times out, is cancelled,
// or finds the peer gone.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  CancelledError,
  ClosedError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { pattern, read, same, tcpPair } from "../fixtures/socket_pair.ts";
import { scripted, text } from "../fixtures/socket_script.ts";

const gone = new Deno.errors.BrokenPipe("Broken pipe (os error 32)");

Deno.test("send waits while the peer does not read, and goes on when it does", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const data = pattern(300_000);
  let sent = 0;
  const done = skt.send(data).then((count) => sent = count);
  let taken = 0;
  for (let i = 0; sent === 0; i++) {
    await turn();
    assert(i < 100);
    assert(conn.offered <= 64 * 1024, "a write has a limit");
    if (conn.offered === 0) continue;
    taken += conn.offered;
    conn.take();
  }
  assert(data.length - taken <= 128 * 1024, "the write buffer has a limit");
  conn.release();
  await done;
  await skt.flush();
  assertEquals(sent, data.length);
  assert(same(conn.written, data));
});

Deno.test("small sends wait, too, when the write buffer is full", async () => {
  const { copas, clock, conn, skt } = scripted();
  conn.hold();
  let sends = 0;
  copas.addthread(async () => {
    for (; sends < 1000; sends++) await skt.send("x".repeat(1000));
  });
  copas.addthread(async () => {
    await copas.pause(1);
    assert(sends < 140, `${sends} of 1000 bytes were taken`);
    conn.release();
  });
  await copas.loop();
  assertEquals([sends, clock.now()], [1000, 1]);
  assertEquals(conn.written.length, 1_000_000);
});

Deno.test("a timeout tells what was taken, and the rest can be sent later", async () => {
  const { conn, skt, clock } = scripted();
  conn.hold();
  const data = pattern(500_000);
  let rest: Uint8Array = data;
  let timeouts = 0;
  while (rest.length > 0) {
    try {
      assertEquals(await skt.send(rest, { timeout: 1 }), rest.length);
      break;
    } catch (error) {
      assertInstanceOf(error, TimeoutError);
      timeouts++;
      rest = rest.subarray(error.sent);
      conn.take(50_000);
    }
  }
  assert(timeouts > 2);
  assertEquals(clock.now(), timeouts);
  conn.release();
  await skt.flush();
  assert(same(conn.written, data));
});

Deno.test("the same with a real peer: nothing is lost, nothing comes twice", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  const data = pattern(20 * 1024 * 1024);
  const error = await assertRejects(
    () => skt.send(data, { timeout: 1 }),
    TimeoutError,
  );
  const { sent = -1 } = error;
  assert(sent > 0 && sent < data.length, `${sent}`);
  assertEquals(
    error.message,
    `Cannot send to ${skt.name}: timed out after 1 s; the peer does not read`,
  );
  const reading = read(pair.theirs, data.length);
  assertEquals(await skt.send(data.subarray(sent)), data.length - sent);
  assert(same(await reading, data));
  await skt.close();
});

Deno.test("one timeout is for the whole send, however the peer trickles", async () => {
  const { copas, clock, conn, skt } = scripted();
  conn.hold();
  skt.settimeouts(undefined, 1);
  let error: unknown;
  copas.addthread(async () => {
    error = await skt.send(pattern(1_000_000)).catch((error) => error);
    assertEquals(clock.now(), 1);
    conn.release();
  });
  copas.addthread(async () => {
    while (error === undefined) {
      await copas.pause(0.4);
      if (conn.offered > 0) conn.take(1000);
    }
  });
  await copas.loop();
  assertInstanceOf(error, TimeoutError);
});

Deno.test("a timeout of 0 takes what there is room for, and does not wait", async () => {
  const { conn, skt, clock } = scripted();
  conn.hold();
  skt.settimeout(0);
  assertEquals(await skt.send("small"), 5);
  const error = await assertRejects(
    () => skt.send(pattern(500_000)),
    TimeoutError,
  );
  assert(error.sent! > 60_000, `${error.sent}`);
  assertEquals(clock.now(), 0);
  conn.release();
  skt.settimeout();
  await skt.flush();
  assertEquals(conn.written.length, 5 + error.sent!);
});

Deno.test("several writers are served in the order in which they came", async () => {
  const { copas, conn, skt } = scripted();
  conn.hold();
  const data = ["a", "b", "c"].map((letter) => letter.repeat(200_000));
  const done: string[] = [];
  for (const part of data) {
    copas.addthread(async () => {
      await skt.send(part);
      done.push(part[0]);
    });
  }
  // One that would fit into the room does not get ahead.
  copas.addthread(async () => {
    await skt.send("d");
    done.push("d");
  });
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(done, []);
    conn.release();
  });
  await copas.loop();
  assertEquals(done, ["a", "b", "c", "d"]);
  assertEquals(text(conn.written) === data.join("") + "d", true);
});

Deno.test("a writer that gives up leaves its place: those behind it go on", async () => {
  const { copas, conn, skt } = scripted();
  conn.hold();
  const controller = new AbortController();
  const ended: string[] = [];
  const writer = (
    name: string,
    length: number,
    options?: { timeout?: number; signal?: AbortSignal },
  ) =>
    copas.addthread(() =>
      skt.send(name.repeat(length), options).then(
        () => ended.push(name),
        (error) => ended.push(`${name}: ${error.code}`),
      )
    );
  writer("a", 60_000);
  writer("b", 200_000, { timeout: 1 });
  writer("c", 200_000, { signal: controller.signal });
  const removed = writer("d", 200_000);
  writer("e", 10);
  copas.addthread(async () => {
    await copas.pause(2);
    controller.abort();
    await copas.pause(1);
    copas.removethread(removed);
    await copas.pause(1);
    conn.release();
  });
  await copas.loop();
  assertEquals(ended, [
    "a",
    "b: timeout",
    "c: cancelled",
    "d: cancelled",
    "e",
  ]);
  const written = text(conn.written);
  assertEquals(written.endsWith("e".repeat(10)), true);
  assertEquals(/^a{60000}b*c*d*e{10}$/.test(written), true);
});

Deno.test("a flush can time out; what was sent still goes", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  await skt.send("slow");
  const error = await assertRejects(
    () => skt.flush({ timeout: 1 }),
    TimeoutError,
  );
  assertEquals(error.code, "timeout");
  await assertRejects(
    () => skt.flush({ signal: AbortSignal.abort() }),
    CancelledError,
  );
  conn.release();
  await skt.flush();
  assertEquals(text(conn.written), "slow");
});

Deno.test("a peer that is gone: the sender that waits hears of it, with what was taken", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const sending = skt.send(pattern(300_000));
  await turn();
  conn.take();
  await turn();
  conn.break(gone);
  const error = await assertRejects(() => sending, ClosedError);
  assertEquals(error.cause, gone);
  assertEquals(
    error.message,
    "Cannot send to tcp{client}: 192.0.2.2:2222: the peer closed the connection",
  );
  assert(error.sent! >= 64 * 1024 && error.sent! < 300_000);
  await assertRejects(() => skt.send("more"), ClosedError);
  await assertRejects(() => skt.flush(), ClosedError);
  await skt.close(); // it has been told
});

Deno.test("a peer that is gone: those who sent before and did not wait hear of it next time", async () => {
  const { conn, skt } = scripted();
  conn.break(gone);
  assertEquals(await skt.send("lost"), 4);
  await turn();
  await assertRejects(() => skt.flush(), ClosedError);
  await assertRejects(() => skt.send(""), ClosedError);
  await skt.close();
});

Deno.test("a peer that is gone: close tells if no other call did", async () => {
  const { conn, skt } = scripted();
  conn.break(gone);
  await skt.send("lost");
  await assertRejects(
    () => skt.close(),
    ClosedError,
    "the peer closed the connection",
  );
  assertEquals([skt.closed, conn.closes], [true, 1]);
});

Deno.test("a peer that is gone: every writer in line hears of it", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const sends = [1, 2, 3].map(() => skt.send(pattern(200_000)));
  const flush = skt.flush();
  await turn();
  conn.break(gone);
  for (const send of [...sends, flush]) {
    await assertRejects(() => send, ClosedError);
  }
});

Deno.test("sends that are not awaited do not bring the process down", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  skt.send(pattern(100_000));
  skt.send("behind it", { timeout: 1 });
  skt.flush();
  await turn();
  conn.break(gone);
  await turn();
  skt.send("after");
  skt.flush();
  skt.close();
  skt.send("closed");
  await turn();
  assertEquals(skt.closed, true);
});

Deno.test("close ends every writer that waits, and tells it what was taken", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const first = skt.send(pattern(200_000));
  const second = skt.send("never");
  await turn();
  const closing = skt.close();
  const error = await assertRejects(() => first, ClosedError);
  assertEquals(
    error.message,
    "Cannot send to tcp{client}: 192.0.2.2:2222: the socket is closed",
  );
  const { sent } = await assertRejects(() => second, ClosedError);
  assertEquals(sent, 0);
  conn.release();
  await closing;
  assert(same(conn.written, pattern(200_000).subarray(0, error.sent)));
});

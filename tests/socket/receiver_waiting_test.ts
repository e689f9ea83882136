// Who gets what when several wait, and what a reader that gives up leaves.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  type CancelledError,
  ClosedError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { read, tcpPair, write } from "../fixtures/socket_pair.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("a read that outlives its reader brings its bytes to the next", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  for (let i = 0; i < 3; i++) {
    await assertRejects(() => skt.receive("*l", { timeout: 1 }), TimeoutError);
  }
  await write(pair.theirs, "first\nsecond\n");
  assertEquals(await skt.receive(), "first");
  assertEquals(await skt.receive(), "second");
  skt.close();
});

Deno.test("however many readers come and go, one read is under way", async () => {
  const { conn, skt } = scripted();
  for (let i = 0; i < 5; i++) {
    await assertRejects(() => skt.receive(1, { timeout: 1 }), TimeoutError);
  }
  assertEquals([conn.reads, conn.mostReading], [1, 1]);
});

Deno.test("several readers are served in the order in which they came", async () => {
  const { copas, conn, skt } = scripted();
  const got: [number, unknown][] = [];
  for (const [i, pattern] of ["*l", 3, "*l", 1, "*a"].entries()) {
    copas.addthread(async () => {
      got.push([i, await skt.receive(pattern as "*l" | "*a" | number)]);
    });
  }
  copas.addthread(async () => {
    await copas.pause(1);
    conn.feed("li", "ne\nabcli");
    await copas.pause(1);
    assertEquals(got.length, 2);
    conn.feed("ne\nxre").feed("st").end();
  });
  await copas.loop();
  assertEquals(got, [
    [0, "line"],
    [1, bytes("abc")],
    [2, "line"],
    [3, bytes("x")],
    [4, "rest"],
  ]);
});

Deno.test("ten readers of one line each get one line each from one read", async () => {
  const { conn, skt } = scripted();
  const lines = Array.from({ length: 10 }, () => skt.receive());
  conn.feed("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  assertEquals(await Promise.all(lines), [..."0123456789"]);
});

Deno.test("a reader that comes late does not get ahead of those that wait", async () => {
  const { conn, skt } = scripted();
  const first = skt.receive(4);
  conn.feed("ab\n");
  await turn();
  const second = skt.receive();
  await turn();
  conn.feed("x", "y\n");
  assertEquals(text(await first), "ab\nx");
  assertEquals(await second, "y");
});

Deno.test("a reader that timed out gives its place to the next, who takes what is there", async () => {
  const { conn, skt } = scripted();
  const first = skt.receive(100, { timeout: 1 });
  const second = skt.receive();
  const third = skt.receive(2);
  conn.feed("line\nab");
  await assertRejects(() => first, TimeoutError);
  assertEquals(await second, "line");
  assertEquals(await third, bytes("ab"));
  assertEquals(conn.reads, 2);
});

Deno.test("a reader that was cancelled gives its place to the next, who takes what is there", async () => {
  const { copas, conn, skt } = scripted();
  const controller = new AbortController();
  const got: unknown[] = [];
  const reader = (pattern: "*l" | number, signal?: AbortSignal) =>
    copas.addthread(async () => {
      try {
        got.push(await skt.receive(pattern, { signal }));
      } catch (error) {
        got.push((error as CancelledError).code);
      }
    });
  const removed = reader(100);
  reader(99, controller.signal);
  reader("*l");
  copas.addthread(async () => {
    conn.feed("line\n");
    await copas.pause(1);
    copas.removethread(removed);
    await copas.pause(1);
    assertEquals(got, ["cancelled"]);
    controller.abort(new Error("enough"));
  });
  await copas.loop();
  assertEquals(got.toSorted(), ["cancelled", "cancelled", "line"]);
});

Deno.test("a timed-out reader shows only bytes that were its own to take", async () => {
  const { conn, skt } = scripted();
  const first = skt.receive(5);
  const second = skt.receive("*l", { timeout: 1 });
  conn.feed("abc");
  const error = await assertRejects(() => second, TimeoutError);
  assertEquals(error.partial, new Uint8Array(0));
  conn.feed("de");
  assertEquals(await first, bytes("abcde"));
});

Deno.test("a thread that timed out is not resumed by data that comes later", async () => {
  const { copas, clock, conn, skt } = scripted();
  const got: unknown[] = [];
  copas.addthread(async () => {
    await skt.receive("*l", { timeout: 1 }).catch(() => {});
    got.push(await copas.pause(3), clock.now());
  });
  copas.addthread(async () => {
    await copas.pause(1.5);
    got.push(await skt.receive(), clock.now());
  });
  copas.addthread(async () => {
    await copas.pause(2);
    conn.feed("for the second\n");
  });
  await copas.loop();
  assertEquals(got, ["for the second", 2, 3, 4]);
});

Deno.test("a reader and a writer do not hinder each other", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  const line = skt.receive();
  assertEquals(await skt.send("ping\n"), 5);
  assertEquals(text(await read(pair.theirs, 5)), "ping\n");
  await write(pair.theirs, "pong\n");
  assertEquals(await line, "pong");
  skt.close();
});

Deno.test("close ends every reader, and they get what close says", async () => {
  const { copas, conn, skt } = scripted();
  const errors: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    copas.addthread(() => skt.receive().catch((error) => errors.push(error)));
  }
  copas.addthread(async () => {
    await copas.pause(1);
    await skt.close();
  });
  await copas.loop();
  assertEquals(errors.length, 4);
  for (const error of errors) {
    assertInstanceOf(error, ClosedError);
    assertEquals(
      error.message,
      "Cannot receive from tcp{client}: 192.0.2.2:2222: the socket is closed",
    );
  }
  assertEquals(conn.closes, 1);
});

Deno.test("a thread that always finds data lets the others run", async () => {
  const { copas, conn, skt } = scripted();
  conn.feed("x\n".repeat(20_000)).end();
  let lines = 0;
  const seen: number[] = [];
  copas.addthread(async () => {
    for (; await skt.receive() !== null; lines++);
  });
  const timer = setInterval(() => seen.push(lines), 0);
  copas.addthread(async () => {
    for (let i = 0; i < 5; i++) {
      await copas.pause();
      seen.push(lines);
    }
  });
  await copas.loop();
  clearInterval(timer);
  assertEquals(lines, 20_000);
  assert(seen[4] < 20_000, `the others had to wait for ${seen[4]} lines`);
});

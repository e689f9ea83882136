// A send that was cut leaves a gap in the stream: what ends such a stream must not
// look like the end of a complete one, unless the caller sent the rest.

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
import { pattern, same } from "../fixtures/socket_pair.ts";
import { scripted, text } from "../fixtures/socket_script.ts";

const SIZE = 300_000;

/** A socket of which one send was cut by its timeout, and whose peer reads again. */
async function cut(data: string | Uint8Array = pattern(SIZE)) {
  const made = scripted();
  const errors: unknown[] = [];
  made.copas.seterrorhandler((error) => errors.push(error), true);
  made.conn.hold();
  const error = await assertRejects(
    () => made.skt.send(data, { timeout: 1 }),
    TimeoutError,
  );
  made.conn.release();
  return { ...made, errors, error, sent: error.sent!, left: error.left! };
}

Deno.test("close after a send that was cut by its timeout fails, and aborts the connection", async () => {
  const { conn, skt, sent, error } = await cut();
  const closing = await assertRejects(() => skt.close(), ClosedError);
  assertEquals(
    closing.message,
    `close(): a send on ${skt.name} was cut after ${sent} of ${SIZE} bytes, and the rest was not sent: the connection is aborted`,
  );
  assertEquals([closing.sent, closing.left], [sent, SIZE - sent]);
  assertEquals(closing.cause, error);
  assertEquals([conn.closes, conn.closeWrites], [1, 0]);
  // What was taken has been written all the same.
  assertEquals(conn.written.length, sent);
});

Deno.test("a close that comes to its time tells all bytes that are lost, those of sends that were never taken too", async () => {
  const { copas, conn, skt } = scripted();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  skt.settimeout(1);
  conn.hold();
  copas.addthread(async () => {
    skt.send(pattern(SIZE));
    skt.send(pattern(SIZE));
    await skt.close();
  });
  await copas.loop();
  const [error] = errors;
  assertInstanceOf(error, TimeoutError);
  assertEquals(error.sent! + error.left!, 2 * SIZE);
  assertEquals(errors.length, 1);
});

Deno.test("the caller that sends the rest closes as ever, in one piece or in several", async () => {
  for (const pieces of [1, 3]) {
    const { conn, skt, sent } = await cut();
    const rest = pattern(SIZE).subarray(sent);
    const size = Math.ceil(rest.length / pieces);
    for (let at = 0; at < rest.length; at += size) {
      await skt.send(rest.subarray(at, at + size));
    }
    await skt.close();
    assert(same(conn.written, pattern(SIZE)));
  }
});

Deno.test("the rest may be cut again, and again", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const data = pattern(SIZE);
  let at = 0;
  for (let cuts = 0; at < SIZE; cuts++) {
    try {
      at += await skt.send(data.subarray(at), { timeout: 1 });
    } catch (error) {
      assertInstanceOf(error, TimeoutError);
      at += error.sent!;
      if (cuts === 2) conn.release();
      else conn.take(10_000);
    }
  }
  await skt.close();
  assert(same(conn.written, data));
});

Deno.test("the rest of a text, sent as bytes, is the rest", async () => {
  const data = "grüße 🎉".repeat(30_000);
  const { conn, skt, sent } = await cut(data);
  await skt.send(new TextEncoder().encode(data).subarray(sent));
  await skt.close();
  assertEquals(text(conn.written) === data, true);
});

Deno.test("a part of the rest is not enough", async () => {
  const { skt, sent } = await cut();
  await skt.send(pattern(SIZE).subarray(sent, SIZE - 1));
  await assertRejects(() => skt.close(), ClosedError, "was cut");
});

Deno.test("the rest that is not awaited counts when it is written before the close", async () => {
  const { conn, skt, sent } = await cut();
  conn.hold();
  skt.send(pattern(SIZE).subarray(sent));
  const closing = skt.close();
  await turn();
  conn.release();
  await closing;
  assert(same(conn.written, pattern(SIZE)));
});

Deno.test("a message of which nothing was taken is left out: close fails, unless the caller goes on with another one", async () => {
  for (const goesOn of [false, true]) {
    const { conn, skt } = scripted();
    conn.hold();
    const first = skt.send("x".repeat(SIZE));
    await assertRejects(() => skt.send("behind", { timeout: 1 }), TimeoutError);
    conn.release();
    assertEquals(await first, SIZE);
    if (goesOn) {
      await skt.send("bye\n");
      await skt.close();
    } else {
      await assertRejects(() => skt.close(), ClosedError, "after 0 of 6 bytes");
    }
    assertEquals(conn.written.length, SIZE + (goesOn ? 4 : 0));
  }
});

Deno.test("shutdown of a stream with a gap fails, and says nothing of an end", async () => {
  const { conn, skt } = await cut();
  await assertRejects(() => skt.shutdown("send"), ClosedError, "shutdown()");
  assertEquals(conn.closeWrites, 0);
  await assertRejects(() => skt.close(), ClosedError);
  assertEquals([conn.closes, conn.closeWrites], [1, 0]);
});

Deno.test("a close that is not awaited reports the gap", async () => {
  const { skt, errors } = await cut();
  skt.close();
  await turn();
  await turn();
  assertEquals(errors.length, 1);
  assert((errors[0] as Error).message.includes("was cut"));
});

Deno.test("abort drops a stream with a gap without a word", async () => {
  const { conn, skt, errors } = await cut();
  skt.abort();
  await turn();
  assertEquals([errors, conn.closes], [[], 1]);
});

Deno.test("a send that was cut by the removal of its thread, or its signal, can't be continued: close fails", async () => {
  for (const how of ["removal", "signal"]) {
    const { copas, conn, skt } = scripted();
    conn.hold();
    const controller = new AbortController();
    let got: unknown;
    const task = copas.addthread(async () => {
      await skt.send(pattern(SIZE), { signal: controller.signal })
        .catch((error) => got = error);
    });
    copas.addthread(async () => {
      await copas.pause(1);
      if (how === "removal") copas.removethread(task);
      else controller.abort();
      await copas.pause(1);
      conn.release();
      await skt.send("more".repeat(100_000));
      await assertRejects(() => skt.close(), ClosedError, "was cut");
    });
    await copas.loop();
    assertInstanceOf(got, CancelledError);
  }
});

Deno.test("a failed write is what close tells, not the gap", async () => {
  const { conn, skt } = await cut();
  const reset = new Deno.errors.ConnectionReset("Connection reset by peer");
  conn.break(reset);
  skt.send("x").catch(() => {});
  const error = await assertRejects(() => skt.close(), ClosedError);
  assertEquals(error.cause, reset);
});

for (
  const [what, swallows, reports] of [
    ["leaves the handler is reported once", false, ["TimeoutError"]],
    ["the handler swallows: the gap is reported", true, ["ClosedError"]],
  ] as const
) {
  Deno.test(`the end of a handler aborts a stream with a gap; a timeout that ${what}`, async () => {
    const copas = dispatcher();
    const errors: Error[] = [];
    copas.seterrorhandler((error) => errors.push(error as Error), true);
    const listener = copas.socket.bind("127.0.0.1", 0);
    copas.addserver(
      listener,
      copas.handler(async (skt) => {
        const sending = skt.send(pattern(20_000_000), { timeout: 1 });
        if (swallows) await sending.catch(() => {});
        else await sending;
      }),
      { linger: 3 },
    );
    const client = await Deno.connect({
      hostname: "127.0.0.1",
      port: listener.addr.port,
    });
    copas.addthread(async () => {
      await copas.pause(2);
      // The peer reads again, up to the end.
      const into = new Uint8Array(1 << 20);
      while (await client.read(into) !== null);
      copas.removeserver(listener);
    });
    await copas.loop();
    await turn();
    client.close();
    assertEquals(errors.map(({ name }) => name), [...reports]);
  });
}

Deno.test("the removal of a handler that sends aborts its connection, and is no news", async () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      const task = copas.currentthread();
      copas.timeout(1, () => copas.removethread(task));
      await skt.send(pattern(20_000_000));
    }),
    { linger: 3 },
  );
  const client = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  copas.addthread(async () => {
    await copas.pause(2);
    while (await client.read(new Uint8Array(1 << 20)) !== null);
    copas.removeserver(listener);
  });
  await copas.loop();
  client.close();
});

// The bound on what a socket may still write once its program has done with it.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { TimeoutError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { pattern } from "../fixtures/socket_pair.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("without an option a close waits 30 seconds for a peer that does not read", async () => {
  for (const settimeout of [undefined, 0, -1]) {
    const { copas, clock, conn, skt } = scripted();
    const errors: unknown[] = [];
    copas.seterrorhandler((error) => errors.push(error), true);
    conn.hold();
    skt.settimeouts(undefined, settimeout);
    copas.addthread(async () => {
      await skt.send("never read");
      skt.close();
    });
    await copas.loop();
    await turn();
    assertEquals([clock.now(), conn.closes], [30, 1]);
    assert(errors[0] instanceof TimeoutError);
    assertEquals([errors[0].sent, errors[0].left], [0, 10]);
  }
});

Deno.test("removethread: what its socket has to write has the same bound, and exit() ends", async () => {
  const { copas, clock, conn, skt } = scripted({ linger: 2 });
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  conn.hold();
  const task = copas.addthread(async () => {
    await using _ = skt;
    await skt.send("never read");
    await copas.pauseforever();
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
    copas.exit();
  });
  await copas.loop();
  await turn();
  assertEquals([clock.now(), conn.closes], [3, 1]);
  assertEquals(errors.map((error) => (error as TimeoutError).left), [10]);
});

Deno.test("the end of a handler has the bound of its server", async () => {
  const copas = dispatcher();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(
    listener,
    copas.handler((skt) => {
      skt.send(pattern(20_000_000));
    }),
    { linger: 3 },
  );
  const client = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  copas.addthread(async () => {
    await copas.pause(4);
    copas.removeserver(listener);
  });
  await copas.loop();
  await turn();
  client.close();
  assertEquals(errors.length, 1);
  const { message, sent, left } = errors[0] as TimeoutError;
  assert(message.includes("timed out after 3 s"), message);
  assertEquals(sent! + left!, 20_000_000);
});

Deno.test("lingeralways: a silent peer is waited for 5 seconds, and no longer than linger", async () => {
  for (const [linger, end] of [[undefined, 5], [2, 2]] as const) {
    const { copas, clock, conn, skt } = scripted({
      linger,
      lingeralways: true,
    });
    copas.addthread(async () => {
      await skt.send("bye");
      await skt.close();
    });
    await copas.loop();
    assertEquals([clock.now(), conn.closeWrites, conn.closes], [end, 1, 1]);
  }
});

Deno.test("lingeralways: a peer that never stops is waited for 30 seconds, and 64 MiB", async () => {
  for (const [size, every, end] of [[1, 1, 30], [16 * 1024, 0, 0]] as const) {
    const { copas, clock, conn, skt } = scripted({ lingeralways: true });
    const piece = new Uint8Array(size);
    let closedAt: number | undefined;
    copas.addthread(async () => {
      await skt.send("bye");
      await skt.close();
      closedAt = clock.now();
    });
    copas.addthread(async () => {
      while (conn.closes === 0) {
        await copas.pause(every);
        conn.feed(piece);
      }
    });
    await copas.loop();
    assertEquals([closedAt, conn.closes], [end, 1]);
    const most = 64 * 1024 * 1024 / size;
    assert(conn.reads <= most + 2, `${conn.reads} reads`);
    assert(every > 0 || conn.reads >= most, `${conn.reads} reads`);
  }
});

Deno.test("lingeralways: where nothing was sent, a close is a close", async () => {
  const { clock, conn, skt } = scripted({ lingeralways: true });
  await skt.close();
  assertEquals([clock.now(), conn.closeWrites, conn.closes], [0, 0, 1]);
});

Deno.test("what is no yes or no is named", () => {
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => scripted({ lingeralways: 1 as any }),
    TypeError,
    "lingeralways must be a boolean, got 1",
  );
});

Deno.test("what is no time is named", () => {
  for (const linger of [-1, NaN, "1"]) {
    assertThrows(
      // deno-lint-ignore no-explicit-any
      () => scripted({ linger: linger as any }),
      Error,
      "linger must be a number of seconds",
    );
  }
});

Deno.test("a large text that waits is not copied beside its bytes", async () => {
  const large = "é".repeat(500_000);
  const before = Deno.memoryUsage().external;
  const all = Array.from({ length: 100 }, () => {
    const made = scripted();
    made.conn.hold();
    return { ...made, sending: made.skt.send(large) };
  });
  await turn();
  const grown = Deno.memoryUsage().external - before;
  assert(grown < 40_000_000, `${grown} bytes`);
  for (const { conn, skt, sending } of all) {
    conn.release();
    assertEquals(await sending, 1_000_000);
    await skt.close();
    assertEquals(text(conn.written) === large, true);
  }
});

Deno.test("a text that is cut by the buffer keeps its characters whole", async () => {
  for (let shift = 0; shift < 4; shift++) {
    const large = "x".repeat(shift) + "🎉".repeat(50_000);
    const { conn, skt } = scripted();
    assertEquals(await skt.send(large), 200_000 + shift);
    await skt.flush();
    assertEquals(conn.written.length, bytes(large).length);
    assertEquals(text(conn.written) === large, true);
  }
});

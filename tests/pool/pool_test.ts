// Connections of a client, lent and taken back.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  type Copas,
  DestroyedError,
  type PoolOptions,
  type StreamSocket,
  TimeoutError,
} from "../../mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";

/** A server of the same dispatcher that answers lines with the number of the connection, and a pool of connections to it. */
function world(options: Partial<PoolOptions> = {}) {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  const served: StreamSocket[] = [];
  copas.addserver(
    listener,
    copas.handler(async (skt: StreamSocket) => {
      const number = served.push(skt);
      for await (const line of skt) {
        if (line === "twice") await skt.send(`${number}\nunasked\n`);
        else if (line === "bye") return;
        else await skt.send(`${number}\n`);
      }
    }),
  );
  const pool = copas.pool.new({
    connect: (given) =>
      copas.socket.connect("127.0.0.1", listener.addr.port, given),
    ...options,
  });
  return {
    copas,
    pool,
    served,
    /** Runs `fn` as a thread, and then ends the world. */
    async run(fn: () => Promise<void>): Promise<void> {
      let failure: unknown;
      copas.addthread(async () => {
        try {
          await fn();
        } catch (error) {
          failure = error;
        }
        pool.destroy();
        copas.removeserver(listener);
        for (const skt of served) skt.abort();
      });
      await copas.loop();
      if (failure !== undefined) throw failure;
    },
  };
}

/** Asks over a connection which number it has. */
async function ask(skt: StreamSocket, line = "which"): Promise<string | null> {
  await skt.send(`${line}\n`);
  return await skt.receive();
}

/** Lets the event loop find out what the network has brought. */
async function settle(copas: Copas): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await copas.wait(new Promise(setImmediate));
    await copas.pause(0);
  }
}

Deno.test("a connection is lent again after it was given back", async () => {
  const { run, pool } = world();
  await run(async () => {
    const answers = [await pool.with(ask), await pool.with(ask)];
    using lent = await pool.hold();
    answers.push(await ask(lent.socket));
    assertEquals(`${pool}`, "copas_pool_1: 1 of 10 lent, 0 idle, 0 waiting");
    lent.release();
    lent.release();
    assertEquals(answers, ["1", "1", "1"]);
    assertEquals(`${pool}`, "copas_pool_1: 0 of 10 lent, 1 idle, 0 waiting");
  });
});

Deno.test("the one that was given back last is lent first", async () => {
  const { run, pool } = world();
  await run(async () => {
    const [one, two] = [await pool.hold(), await pool.hold()];
    await ask(one.socket);
    await ask(two.socket);
    two.release();
    one.release();
    assertEquals(await pool.with(ask), "1");
    assertEquals(pool.idle, 2);
  });
});

Deno.test("a connection with bytes that no caller has received is not lent again", async () => {
  const { run, pool, copas } = world();
  await run(async () => {
    assertEquals(await pool.with((skt) => ask(skt, "twice")), "1");
    await settle(copas); // here the rest may come late
    assertEquals(await pool.with(ask), "2");
  });
});

Deno.test("a connection that the server has closed meanwhile is not lent again", async () => {
  const { run, pool, copas, served } = world();
  await run(async () => {
    assertEquals(await pool.with(ask), "1");
    await served[0].close();
    await settle(copas);
    assertEquals(await pool.with(ask), "2");
  });
});

Deno.test("a connection whose caller failed, or did not release it, is closed", async () => {
  const { run, pool } = world();
  await run(async () => {
    let seen: StreamSocket | undefined;
    await assertRejects(
      () =>
        pool.with((skt) => {
          seen = skt;
          throw new Error("in the middle");
        }),
      Error,
      "in the middle",
    );
    assertEquals(seen!.closed, true);
    {
      using lent = await pool.hold();
      seen = lent.socket;
    }
    assertEquals([seen!.closed, pool.lent, pool.idle], [true, 0, 0]);
  });
});

Deno.test("a connection that the caller closed is not lent again", async () => {
  const { run, pool } = world();
  await run(async () => {
    await pool.with((skt) => skt.close());
    assertEquals(pool.idle, 0);
    await pool.with((skt) => skt.shutdown("send"));
    assertEquals(pool.idle, 0);
  });
});

Deno.test("a connection that is not as the next caller needs it is not lent again", async () => {
  const { run, pool } = world();
  const spoil: ((skt: StreamSocket) => unknown)[] = [
    (skt) => skt.shutdown("send"),
    // The answer to the next caller's question would come to this receive.
    (skt) => void skt.receive().catch(() => {}),
    // Only a part of it has left.
    (skt) => assertRejects(() => skt.send(new Uint8Array(3e7), { timeout: 0 })),
  ];
  await run(async () => {
    for (const [before, how] of spoil.entries()) {
      assertEquals(await pool.with(ask), `${before + 1}`);
      await pool.with(how);
      assertEquals(pool.idle, 0);
    }
  });
});

Deno.test("a check that hangs ends with the caller's time, or its signal", async () => {
  const asked: StreamSocket[] = [];
  const { copas, run, pool } = world({
    check: async (skt) => {
      asked.push(skt);
      return await skt.receive() === "never";
    },
  });
  await run(async () => {
    await pool.with(ask);
    await assertRejects(() => pool.hold({ timeout: 0.01 }), TimeoutError);
    assertEquals([asked[0].closed, pool.lent], [true, 0]);
    await pool.with(ask);
    const controller = new AbortController();
    const { signal } = controller;
    const holding = assertRejects(() => pool.hold({ signal }), CancelledError);
    while (asked.length < 2) await copas.pause(0);
    controller.abort();
    await holding;
    assertEquals([asked[1].closed, pool.lent], [true, 0]);
  });
});

Deno.test("there are never more than max, and callers wait in their order", async () => {
  const { run, pool, copas, served } = world({ max: 2 });
  await run(async () => {
    const order: number[] = [];
    let most = 0;
    const callers = Array.from(
      { length: 10 },
      (_, i) =>
        copas.future.addthread(() =>
          pool.with(async (skt) => {
            order.push(i);
            most = Math.max(most, pool.lent);
            await ask(skt);
            await copas.pause(1);
          })
        ),
    );
    await copas.pause(0.5);
    assertEquals(pool.waiting, 8);
    for (const caller of callers) await caller;
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assertEquals([most, served.length], [2, 2]);
  });
});

Deno.test("a call gives up when its time is up, its signal aborts or its thread is removed, and takes nothing", async () => {
  const { run, pool, copas } = world({ max: 1 });
  await run(async () => {
    const held = await pool.hold();
    await assertRejects(() => pool.hold({ timeout: 2 }), TimeoutError);
    const abort = new AbortController();
    const signalled = copas.future.addthread(() =>
      assertRejects(
        () => pool.hold({ signal: abort.signal }),
        CancelledError,
      )
    );
    const removed = copas.addthread(() => pool.hold());
    await copas.pause(1);
    abort.abort();
    copas.removethread(removed);
    await signalled;
    assertEquals(pool.waiting, 0);
    held.release();
    assertEquals(await pool.with(ask, { timeout: 0 }), "1");
  });
});

Deno.test("a connect that fails frees its place, and gets what is left of the time", async () => {
  const copas = dispatcher();
  const given: unknown[] = [];
  const pool = copas.pool.new({
    max: 1,
    connect: (options) => {
      given.push(options.timeout);
      return Promise.reject(new Error("no such server"));
    },
  });
  copas.addthread(async () => {
    for (const timeout of [5, undefined]) {
      await assertRejects(() => pool.hold({ timeout }), Error, "no such");
    }
    assertEquals([given, pool.lent], [[5, Infinity], 0]);
  });
  await copas.loop();
  pool.destroy();
});

Deno.test("an idle connection is closed after its idle timeout", async () => {
  const { run, pool, copas, served } = world({ idletimeout: 10 });
  await run(async () => {
    const [one, two] = [await pool.hold(), await pool.hold()];
    await ask(one.socket);
    await ask(two.socket);
    one.release();
    await copas.pause(6);
    two.release();
    await copas.pause(5);
    assertEquals([pool.idle, one.socket.closed], [1, true]);
    await copas.pause(6);
    assertEquals([pool.idle, two.socket.closed], [0, true]);
    assertEquals(await pool.with(ask), "3");
    assertEquals(served.length, 3);
  });
});

Deno.test("check is asked before a connection is lent again, and a no or an error closes it", async () => {
  const answers: (boolean | Error)[] = [false, new Error("broken"), true];
  const { run, pool } = world({
    check: async (skt) => {
      await ask(skt);
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  await run(async () => {
    const heard: unknown[] = [];
    for (let i = 0; i < 4; i++) heard.push(await pool.with(ask));
    assertEquals(heard, ["1", "2", "3", "3"]);
  });
});

Deno.test("a destroyed pool closes what is idle, lets no caller wait, and takes what is lent back", async () => {
  const { run, pool, copas } = world({ max: 2 });
  await run(async () => {
    const [one, two] = [await pool.hold(), await pool.hold()];
    const waiting = copas.future.addthread(() =>
      assertRejects(() => pool.hold(), DestroyedError)
    );
    await copas.pause(1);
    pool.destroy();
    pool.destroy();
    await waiting;
    one.release();
    two.release();
    assertEquals([one.socket.closed, two.socket.closed], [true, true]);
    await assertRejects(() => pool.with(ask), DestroyedError);
  });
});

Deno.test("an idle connection does not keep the loop going", async () => {
  const clock = new VirtualClock();
  const copas = dispatcher(clock);
  const listener = copas.socket.bind("127.0.0.1", 0);
  using pool = copas.pool.new({
    connect: (options) =>
      copas.socket.connect("127.0.0.1", listener.addr.port, options),
  });
  copas.addthread(() => pool.with(() => {}));
  await copas.loop();
  assertEquals([pool.idle, clock.now()], [1, 0]);
  const [idle] = [await pool.hold()];
  pool.destroy();
  assertEquals(idle.socket.closed, false);
  idle.release();
  assertEquals(idle.socket.closed, true);
  listener.close();
});

Deno.test("a pool refuses wrong options, and a connect that makes no stream socket", async () => {
  const copas = dispatcher();
  const make = (options: unknown) => () => copas.pool.new(options as never);
  const connect = () => Promise.resolve(5);
  assertThrows(make({}), TypeError, "connect");
  assertThrows(make({ connect, max: 0 }), RangeError, "max");
  assertThrows(make({ connect, idletimeout: -1 }), RangeError, "idletimeout");
  assertThrows(make({ connect, check: 1 }), TypeError, "check");
  assertThrows(make({ connect, size: 1 }), TypeError, "size");
  using pool = make({ connect })();
  copas.addthread(() =>
    assertRejects(() => pool.hold(), TypeError, "a stream socket, got 5")
  );
  await copas.loop();
});

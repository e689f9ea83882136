// with() and hold(): a lock is between calls, whatever threads they run in.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  Copas,
  DestroyedError,
  type Held,
  type Lock,
  TimeoutError,
} from "../../mod.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { TestServer } from "../fixtures/socket_server.ts";
import { dispatcher } from "./dispatcher.ts";

/** An account whose balance is wrong when two calls use it at once. */
function account(copas: Copas, lock: Lock) {
  let balance = 100;
  return (amount: number): Promise<number> =>
    lock.with(async () => {
      const before = balance;
      await copas.pause(0.01);
      return balance = before - amount;
    });
}

Deno.test("two calls of with in one thread run one after the other", async () => {
  const { copas } = dispatcher();
  const withdraw = account(copas, copas.lock.new());
  copas.addthread(async () => {
    assertEquals(await Promise.all([withdraw(10), withdraw(20)]), [90, 70]);
  });
  await copas.loop();
  // And so do calls outside every thread.
  assertEquals(await Promise.all([withdraw(1), withdraw(2)]), [69, 67]);
});

Deno.test("three requests of Deno.serve hold a lock one at a time", async () => {
  const copas = new Copas();
  const withdraw = account(copas, copas.lock.new());
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => new Response(String(await withdraw(10))),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const ask = async () => Number(await (await fetch(url)).text());
  const balances = await Promise.all([ask(), ask(), ask()]);
  assertEquals(balances.sort(), [70, 80, 90]);
});

Deno.test("callbacks of timers hold a lock one at a time", async () => {
  const { copas, reports } = dispatcher();
  const lock = copas.lock.new();
  const withdraw = account(copas, lock);
  const results: number[] = [];
  const callback = async () => void results.push(await withdraw(10));
  for (let i = 0; i < 2; i++) copas.timer.new({ delay: 1, callback });
  await copas.loop();
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let i = 0; i < 2; i++) {
    setTimeout(() => callback().then(() => results.length === 4 && resolve()));
  }
  await promise;
  assertEquals([results, reports], [[90, 80, 70, 60], []]);
});

Deno.test("with and get enter a lock again within the callback of a with, across every await", async () => {
  const { copas } = dispatcher();
  const [lock, other] = [copas.lock.new(0.1), copas.lock.new(0.1)];
  const log: string[] = [];
  copas.addthread(async () => {
    await lock.with(async () => {
      await copas.pause(1);
      await other.with(() => lock.with(() => log.push("entered")));
      await lock.get();
      lock.release();
      assertThrows(() => lock.release(), Error, "by with() or hold()");
    });
    log.push(String(lock));
  });
  await copas.loop();
  assertEquals(log, ["entered", "lock_1: free"]);
});

Deno.test("a lock that is not reentrant keeps its own callback waiting", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new(1, true);
  copas.addthread(() =>
    lock.with(async () => {
      await assertRejects(() => lock.with(() => {}), TimeoutError);
    })
  );
  await copas.loop();
});

Deno.test("a with that its outer one left behind keeps the lock, and then no call enters by it", async () => {
  const { copas, clock } = dispatcher();
  const lock = copas.lock.new();
  const log: string[] = [];
  copas.addthread(async () => {
    let late: Promise<unknown> | undefined;
    await lock.with(() => {
      lock.with(() => copas.pause(5));
      late = copas.pause(6).then(() =>
        lock.with(() => log.push(`late at ${clock.now()}`))
      );
    });
    log.push(`outer over at ${clock.now()}`);
    copas.addthread(() =>
      lock.with(async () => {
        log.push(`other at ${clock.now()}`);
        await copas.pause(3);
      })
    );
    await late;
  });
  await copas.loop();
  assertEquals(log, ["outer over at 0", "other at 5", "late at 8"]);
});

Deno.test("a thread that the callback of a with started is another caller", async () => {
  const { copas, clock } = dispatcher();
  const lock = copas.lock.new();
  const log: number[] = [];
  copas.addthread(() =>
    lock.with(async () => {
      copas.addthread(() => lock.with(() => log.push(clock.now())));
      await copas.pause(2);
    })
  );
  await copas.loop();
  assertEquals(log, [2]);
});

Deno.test("a thread that has got a lock enters it by with; outside every thread it waits", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new(1);
  copas.addthread(async () => {
    await lock.get();
    await lock.with(() => lock.release());
    assertEquals(lock.owner, undefined);
  });
  await copas.loop();
  await lock.get();
  await assertRejects(() => lock.with(() => {}), TimeoutError, "main owns it");
  lock.release();
});

Deno.test("what hold gives is not entered again: by hold, with or get of the same thread", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new(0.1);
  copas.addthread(async () => {
    using held = await lock.hold();
    await assertRejects(() => lock.hold(), TimeoutError);
    await assertRejects(() => lock.with(() => {}), TimeoutError);
    await assertRejects(() => lock.get(), TimeoutError);
    assertThrows(() => lock.release(), Error, "by with() or hold()");
    held.release();
    await lock.with(() => {});
  });
  await copas.loop();
  assertEquals(String(lock), "lock_1: free");
});

Deno.test("what hold gave is released in another thread, and after its own has ended", async () => {
  const { copas, clock, reports } = dispatcher();
  const lock = copas.lock.new();
  let left: Promise<void> | undefined;
  let token: Held | undefined;
  copas.addthread(() => {
    left = (async () => {
      using _held = await lock.hold();
      await copas.pause(3);
    })();
  });
  copas.addthread(async () => {
    assertEquals(await lock.get(), 3);
    lock.release();
    token = await lock.hold();
  });
  copas.addthread(async () => {
    await copas.pause(5);
    token!.release();
    token!.release();
    assertEquals(await lock.get(), 0);
    lock.release();
  });
  await copas.loop();
  await left;
  assertEquals([clock.now(), reports], [5, []]);
});

Deno.test("what hold gave and the program has lost is released, with one report", async () => {
  const { stdout, stderr, code } = await runScript(
    `import copas from "{mod}";
     const lock = copas.lock.new({ name: "cache" });
     const reports = [];
     copas.seterrorhandler((error, task) => reports.push(task.name + ": " + error.message), true);
     copas.addnamedthread("careless", async () => { await lock.hold(); });
     await copas.loop();
     let got = false;
     copas.addthread(async () => { await lock.get(30); got = true; lock.release(); });
     const turn = () => new Promise((resolve) => setTimeout(resolve));
     for (let i = 0; i < 1000 && !got; i++) { globalThis.gc(); await Promise.race([copas.pause(0.001), turn()]); }
     await copas.loop();
     console.log(String(lock), reports);`,
    ["--v8-flags=--expose-gc"],
  );
  assertEquals([stderr, code], ["", 0]);
  assert(stdout.startsWith("cache: free"), stdout);
  assertEquals(stdout.match(/careless: .*was lost without/g)?.length, 1);
});

Deno.test("a with that no call awaits keeps the lock for its whole run, also when its thread ends", async () => {
  const { copas, clock, reports } = dispatcher();
  const lock = copas.lock.new();
  copas.addthread(() => {
    lock.with(() => copas.pause(4));
  });
  copas.addthread(async () => {
    assertEquals(await lock.get(), 4);
    lock.release();
  });
  await copas.loop();
  assertEquals([clock.now(), reports], [4, []]);
});

Deno.test("a with that no call awaits never ends the process: the error handler of its thread hears why it failed, once", async () => {
  const { stdout, stderr, code } = await runScript(
    `import { Copas } from "{mod}";
     const copas = new Copas();
     const lock = copas.lock.new();
     copas.seterrorhandler((error, task) => console.log(task.name, error.message), true);
     copas.addnamedthread("a", async () => {
       lock.with(async () => { await copas.pause(0.01); throw new Error("on purpose"); });
       lock.with(() => {}, 0);
       lock.with(null);
       await copas.pause(0.05);
     });
     const removed = copas.addnamedthread("removed", async () => {
       lock.with(() => copas.pauseforever());
       await copas.pauseforever();
     });
     copas.addnamedthread("b", async () => {
       await copas.pause(0.02);
       copas.removethread(removed);
       try { await lock.with(() => { throw new Error("awaited"); }); } catch {}
       console.log(String(lock));
     });
     await copas.loop();`,
    [],
  );
  assertEquals([stderr, code], ["", 0]);
  assertEquals(stdout.trim().split("\n").sort(), [
    "a Cannot get lock_1: timed out after 0 s; a owns it",
    "a on purpose",
    "a with(): fn must be a function, got null",
    "lock_1: free",
  ]);
});

Deno.test("a with whose thread is removed while it waits leaves the queue, and frees the lock that it was given", async () => {
  const { copas, reports } = dispatcher();
  const lock = copas.lock.new();
  copas.addthread(async () => {
    await lock.get();
    await copas.pause(1);
    copas.removethread(waiting);
    lock.release();
    copas.removethread(given);
  });
  const given = copas.addthread(async () => {
    await assertRejects(() => lock.with(() => {}), CancelledError);
  });
  const waiting = copas.addthread(async () => {
    await assertRejects(() => lock.hold(), CancelledError);
  });
  await copas.loop();
  assertEquals([String(lock), reports], ["lock_1: free", []]);
});

Deno.test("release and then destroy: the call that was to get the lock hears that it is destroyed", async () => {
  for (const kind of ["get", "with", "hold"] as const) {
    const { copas, reports } = dispatcher();
    const lock = copas.lock.new();
    const log: string[] = [];
    copas.addthread(async () => {
      await lock.get();
      await copas.pause(1);
      lock.release();
      lock.destroy();
    });
    for (let i = 0; i < 2; i++) {
      copas.addthread(async () => {
        const call = () =>
          kind === "with" ? lock.with(() => log.push("ran")) : lock[kind]();
        await assertRejects(call, DestroyedError, "it is destroyed");
        log.push("destroyed");
      });
    }
    await copas.loop();
    assertEquals([log, reports], [["destroyed", "destroyed"], []]);
  }
});

Deno.test("a handler that fails with a lock frees it at once, not when its client has read all", async () => {
  const copas = new Copas();
  const reports: string[] = [];
  copas.seterrorhandler((error) => {
    reports.push((error as Error).message);
  }, true);
  const lock = copas.lock.new({ name: "cache" });
  const begun = Promise.withResolvers<void>();
  await using server = TestServer.start(
    async (conn) => {
      await lock.get();
      copas.send(conn, new Uint8Array(32_000_000)).catch(() => {});
      await copas.wait(begun.promise);
      throw new Error("on purpose");
    },
    {},
    copas,
  );
  // A client that reads no more than the first bytes.
  await (await server.connect()).read(new Uint8Array(1));
  begun.resolve();
  while (reports.length === 0) await copas.pause(0.001);
  await lock.get(2);
  lock.release();
  assertEquals([reports.length, reports[0]], [2, "on purpose"]);
  assert(reports[1].includes("ended without release()"), reports[1]);
});

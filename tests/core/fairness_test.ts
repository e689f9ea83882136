// A thread that never has to wait must not keep the others from going on.

import { assert, assertEquals } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";
import { strict } from "../fixtures/virtual.ts";

/**
 * Runs `busy` over and over in one thread, until another one has slept for a
 * moment; the clock is real. Gives up when that takes too many calls.
 */
async function isFair(
  copas: Copas,
  busy: () => unknown,
): Promise<boolean> {
  let slept = false;
  let calls = 0;
  const most = 3_000_000;
  copas.addthread(async () => {
    while (!slept && ++calls < most) await busy();
  });
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) await copas.pause(0.001);
    slept = true;
  });
  await copas.loop();
  return calls < most;
}

Deno.test("a thread that only gives way does not starve a sleeper", async () => {
  const copas = strict(new Copas());
  assert(await isFair(copas, () => copas.pause()));
});

Deno.test("a thread whose promises are always settled does not starve a sleeper", async () => {
  const copas = strict(new Copas());
  assert(await isFair(copas, () => copas.wait(Promise.resolve())));
});

Deno.test("a thread that always finds data does not starve a sleeper", async () => {
  const copas = strict(new Copas());
  const conn = new ScriptedConn().feed(new Uint8Array(3_000_000));
  const skt = copas.wrap(conn.conn);
  assert(await isFair(copas, () => skt.receive(1)));
  await skt.close();
});

Deno.test("a stream whose reads end at once does not starve a sleeper", async () => {
  const copas = strict(new Copas());
  const conn = new ScriptedConn();
  conn.read = () => Promise.resolve(1);
  const skt = copas.wrap(conn.conn);
  assert(await isFair(copas, () => skt.receive(1)));
  await skt.close();
});

Deno.test("a thousand streams that answer at once do not starve a sleeper", async () => {
  const copas = strict(new Copas());
  const conns = Array.from({ length: 1000 }, () => new ScriptedConn());
  const most = 200_000;
  let calls = 0;
  let slept = false;
  for (const conn of conns) {
    conn.read = () => Promise.resolve(100);
    const skt = copas.wrap(conn.conn);
    copas.addthread(async () => {
      while (!slept && ++calls < most) await skt.receive(1);
      await skt.close();
    });
  }
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) await copas.pause(0.001);
    slept = true;
  });
  await copas.loop();
  assert(calls < most);
});

Deno.test("a thread that always finds room does not starve a sleeper", async () => {
  const copas = strict(new Copas());
  const conn = new ScriptedConn();
  const write = conn.write.bind(conn);
  // What is written is not kept: it is much.
  conn.write = (data) => write(data).finally(() => conn.writes.splice(0));
  const skt = copas.wrap(conn.conn);
  assert(await isFair(copas, () => skt.send("x")));
  await skt.close();
});

Deno.test("threads that hand a tool to each other do not starve a sleeper", async () => {
  const copas = strict(new Copas());
  const lock = copas.lock.new();
  const semaphore = copas.semaphore.new(1, 1);
  const queue = copas.queue.new<number>();
  const calls = [
    async () => {
      await lock.get();
      lock.release();
    },
    async () => {
      await semaphore.take();
      semaphore.give();
    },
    async () => {
      queue.push(1);
      await queue.pop();
    },
  ];
  for (const call of calls) assert(await isFair(copas, call), `${call}`);
});

Deno.test("a thousand connections that are ready at once are all served within a few steps", async () => {
  const copas = strict(new Copas());
  const conns = Array.from({ length: 1000 }, () => new ScriptedConn());
  for (const conn of conns) {
    const skt = copas.wrap(conn.conn);
    copas.addthread(async () => {
      for await (const line of skt) await skt.send(line + "\n");
      await skt.close();
    });
  }
  await copas.step(0);
  for (const conn of conns) conn.feed("hello\n");
  const isServed = (conn: ScriptedConn) => conn.writes.length === 1;
  // The calls that come when a slice of time is over have to wait for the next step.
  for (let i = 0; i < 10 && !conns.every(isServed); i++) await copas.step(0);
  assertEquals(conns.filter(isServed).length, 1000);
  for (const conn of conns) conn.end();
  await copas.loop();
});

Deno.test("threads that never wait run side by side", async () => {
  const copas = strict(new Copas());
  const conns = [1, 2, 3].map(() =>
    new ScriptedConn().feed(new Uint8Array(100_000)).end()
  );
  const counts = [0, 0, 0];
  let furthest = 0;
  conns.forEach((conn, i) => {
    const skt = copas.wrap(conn.conn);
    copas.addthread(async () => {
      while (await skt.receive(1) !== null) {
        counts[i]++;
        furthest = Math.max(
          furthest,
          Math.max(...counts) - Math.min(...counts),
        );
      }
      await skt.close();
    });
  });
  await copas.loop();
  assertEquals(counts, [100_000, 100_000, 100_000]);
  assert(furthest <= 70_000, `one was ${furthest} ahead`);
});

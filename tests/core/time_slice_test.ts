// Threads that compute share the time with the rest: with timers, the network,
// and one another. The clock is real; what is counted is the work that was done
// meanwhile, so that a machine that is busy does not matter.

import { assert, assertEquals, assertLess } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { TimeSlice } from "../../src/core/time_slice.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";
import { strict } from "../fixtures/virtual.ts";

/** Computes for some milliseconds. */
function compute(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** Counts how often a thread computes 1 ms and gives way while `other` runs. */
async function workBeside(
  copas: Copas,
  other: () => Promise<unknown>,
): Promise<number> {
  let isOver = false;
  let works = 0;
  copas.addthread(async () => {
    for (; !isOver && works < 1000; works++) {
      compute(1);
      await copas.pause();
    }
  });
  copas.addthread(async () => {
    await other();
    isOver = true;
  });
  await copas.loop();
  return works;
}

Deno.test("a sleeper wakes in time beside a thread that computes and gives way", async () => {
  const copas = strict(new Copas());
  assertLess(await workBeside(copas, () => copas.pause(0.01)), 100);
});

Deno.test("a sleeper wakes in time beside a thread that computes, also in steps", async () => {
  const copas = strict(new Copas());
  let isOver = false;
  let works = 0;
  copas.addthread(async () => {
    for (; !isOver && works < 1000; works++) {
      compute(1);
      await copas.pause();
    }
  });
  copas.addthread(async () => {
    await copas.pause(0.01);
    isOver = true;
  });
  while (!copas.finished()) await copas.step();
  assertLess(works, 100);
});

Deno.test("a receive times out in time beside a thread that computes and gives way", async () => {
  const copas = strict(new Copas());
  const skt = copas.wrap(new ScriptedConn().conn);
  const works = await workBeside(
    copas,
    () => skt.receive("*l", { timeout: 0.02 }).catch(() => {}),
  );
  assertLess(works, 200);
  await skt.close();
});

Deno.test("what a thread sends is written while others compute", async () => {
  const copas = strict(new Copas());
  const conn = new ScriptedConn();
  const skt = copas.wrap(conn.conn);
  let works = 0;
  copas.addthread(async () => {
    await skt.send("hello\n");
    for (; conn.writes.length === 0 && works < 1000; works++) {
      compute(1);
      await copas.pause();
    }
  });
  await copas.loop();
  assertLess(works, 20);
  await skt.close();
});

Deno.test("a round of many threads that compute is interrupted for the event loop", async () => {
  const copas = strict(new Copas());
  let works = 0;
  let worksBefore = Infinity;
  for (let i = 0; i < 100; i++) {
    copas.addthread(async () => {
      await copas.pause();
      compute(1);
      works++;
    });
  }
  await Promise.all([
    copas.loop(),
    new Promise<void>((resolve) =>
      setTimeout(() => {
        worksBefore = works;
        resolve();
      }, 3)
    ),
  ]);
  assertEquals(works, 100);
  assertLess(worksBefore, 50);
});

Deno.test("a client that sends thousands of lines ahead does not keep another one waiting", async () => {
  const copas = strict(new Copas());
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let greedy = 0;
  copas.addserver(
    listener,
    copas.handler(async (skt: StreamSocket) => {
      for await (const line of skt) {
        if (line === "greedy") {
          compute(1);
          greedy++;
        }
        await skt.send(`${line}\n`);
      }
    }),
  );
  const { port } = listener.addr;
  const encoder = new TextEncoder();
  const running = copas.loop();
  const [one, other] = await Promise.all([
    Deno.connect({ port }),
    Deno.connect({ port }),
  ]);
  const buffer = new Uint8Array(100);
  await other.write(encoder.encode("quiet\n"));
  await other.read(buffer);
  await one.write(encoder.encode("greedy\n".repeat(500)));
  await one.read(buffer);
  const before = greedy;
  await other.write(encoder.encode("quiet\n"));
  await other.read(buffer);
  assertLess(greedy - before, 100);
  assertLess(greedy, 400);
  one.close();
  other.close();
  copas.cancelall();
  await running;
});

Deno.test("data that came while a thread computed for long is there in time", async () => {
  const copas = strict(new Copas());
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients: Deno.Conn[] = [];
  const answers: unknown[] = [];
  for (let i = 0; i < 20; i++) {
    clients.push(await Deno.connect({ port: listener.addr.port }));
    const skt = copas.wrap(await listener.accept());
    copas.addthread(async () => {
      const answer = skt.receive("*l", { timeout: 0.05 });
      answers.push(await answer.catch((error) => error.name));
      await skt.close();
    });
  }
  copas.addthread(async () => {
    await copas.pause(0.005);
    for (const conn of clients) conn.write(new TextEncoder().encode("hello\n"));
    compute(100);
  });
  await copas.loop();
  assertEquals(answers, answers.map(() => "hello"));
  assertEquals(answers.length, 20);
  for (const conn of clients) conn.close();
  listener.close();
});

Deno.test("a slice is over after some milliseconds without a turn of the event loop, however much its calls take", async () => {
  for (const milliseconds of [0, 0.01, 0.3, 1, 5]) {
    await new Promise((resolve) => setImmediate(resolve));
    const slice = new TimeSlice();
    const began = performance.now();
    slice.begin();
    let calls = 0;
    do {
      compute(milliseconds);
      calls++;
    } while (slice.spend());
    const took = performance.now() - began;
    assert(took >= 2, `${calls} calls took ${took} ms`);
    assertLess(calls, 2.5 / milliseconds + 2, `calls of ${milliseconds} ms`);
    assert(!slice.spend(), "it was over");
    slice.begin();
    assert(slice.mayGoOn(), "another one has begun");
  }
});

Deno.test("a slice goes on when the event loop has had its turn by itself", async () => {
  const slice = new TimeSlice();
  slice.begin();
  await new Promise((resolve) => setImmediate(resolve));
  compute(5);
  assert(slice.mayGoOn());
});

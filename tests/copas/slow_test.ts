// Who keeps the event loop.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Clock, Copas, type SlowThread } from "../../mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { runScript } from "../fixtures/socket_child.ts";

/** Keeps the event loop. */
function freeze(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** A clock on which only that passes which a test lets pass, and what the dispatcher waits for. */
class ManualClock implements Clock {
  time = 0;

  now(): number {
    return this.time;
  }

  alarm(at: number, ring: () => void): () => void {
    if (at === Infinity) return () => {};
    const timer = setTimeout(() => {
      this.time = Math.max(this.time, at);
      ring();
    });
    return () => clearTimeout(timer);
  }
}

/** A dispatcher, and what its watch has reported. */
function watched(seconds = 0.05, clock?: Clock): {
  copas: Copas;
  reports: SlowThread[];
} & Disposable {
  const copas = new Copas({ clock });
  const reports: SlowThread[] = [];
  copas.debug.slow(seconds, (slow) => reports.push(slow));
  const stop = () => copas.debug.slow(Infinity);
  return { copas, reports, [Symbol.dispose]: stop };
}

Deno.test("a thread that freezes the loop for 200 ms is found among others, with its socket and what it had waited for", async () => {
  const clock = new ManualClock();
  using watch = watched(0.05, clock);
  const { copas, reports } = watch;
  const listener = copas.socket.bind("127.0.0.1", 0);
  const { port } = listener.addr as Deno.NetAddr;
  let served = 0;
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      const line = await skt.receive();
      if (line === "freeze") clock.time += 0.2;
      await skt.send("done\n");
      if (++served === 5) copas.removeserver(listener);
    }),
    { name: "echo" },
  );
  const names: string[] = [];
  for (let i = 1; i <= 5; i++) {
    copas.addthread(async () => {
      const client = copas.socket.tcp();
      await client.connect("127.0.0.1", port);
      if (i === 3) names.push(client.getsockname().join(":"));
      await client.send(i === 3 ? "freeze\n" : "go on\n");
      await client.receive();
      client.close();
    });
  }
  await copas.loop();
  await turn();
  assertEquals(reports.length, 1, JSON.stringify(reports.map((r) => r.name)));
  const [{ thread, name, socket, seconds, waitedfor, stack }] = reports;
  const [, number] = /^echo:handler_(\d)$/.exec(name) ?? [];
  assert(number !== undefined, name);
  assertEquals(thread.name, name);
  assertEquals((socket as { name: string }).name, `echo:client_${number}`);
  assertEquals(waitedfor, `receive on echo:client_${number}`);
  assert(stack[0].includes("slow_test.ts"), stack.join("\n"));
  assert(!stack.join().includes("/src/"), stack.join("\n"));
  assertEquals(seconds.toFixed(3), "0.200");
});

Deno.test("of threads that go on together, the one that computes is named, however deep its calls lie", async () => {
  const clock = new ManualClock();
  using watch = watched(0.05, clock);
  const { copas, reports } = watch;
  const pause = async () => await copas.pause(0.01);
  const deep = async () => await pause();
  for (let i = 0; i < 10; i++) {
    copas.addnamedthread(`T${i}`, async () => {
      await deep();
      if (i === 4) clock.time += 0.1;
      // Nothing of Copas follows: the time must not be that of the next thread.
      if (i === 4) await Promise.resolve();
    });
  }
  await copas.loop();
  // A report comes at the end of the turn, which may be after that of the loop.
  await turn();
  assertEquals(reports.map(({ name }) => name), ["T4"]);
  assertEquals(reports[0].waitedfor, "sleep");
});

Deno.test("a thread that comes from a promise that is not Copas's is found as well", async () => {
  using watch = watched();
  const { copas, reports } = watch;
  copas.addnamedthread("T", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 30);
    await promise;
    freeze(100);
    await copas.pause(0.01);
  });
  copas.addnamedthread("beside it", () => copas.pause(0.2));
  await copas.loop();
  assertEquals(reports.map(({ name }) => name), ["T"]);
  assertEquals([reports[0].waitedfor, reports[0].stack], [undefined, []]);
});

Deno.test("threads that keep the loop for less are not reported, however many go on together", async () => {
  const clock = new ManualClock();
  const copas = new Copas({ clock });
  const reports: [string, string][] = [];
  copas.debug.slow(0.05, ({ name, seconds }) => {
    reports.push([name, seconds.toFixed(2)]);
  });
  for (let i = 0; i < 20; i++) {
    copas.addnamedthread(`T${i}`, async () => {
      for (let n = 0; n < 5; n++) {
        await copas.pause(10);
        clock.time += i === 7 && n === 2 ? 0.06 : 0.04;
      }
    });
  }
  await copas.loop();
  copas.debug.slow(Infinity);
  assertEquals(reports, [["T7", "0.06"]]);
});

Deno.test("a watch is ended by Infinity, and the log goes on beside it", async () => {
  using watch = watched(0);
  const { copas, reports } = watch;
  const log: unknown[] = [];
  copas.debug.start((line) => log.push(line));
  copas.addnamedthread("T", async () => {
    await copas.pause(0.01);
    await copas.pause(0.01);
  });
  await copas.loop();
  assertEquals(log.length, 5);
  assert(reports.length > 0);
  copas.debug.stop();
  copas.debug.slow(Infinity);
  reports.length = 0;
  copas.addnamedthread("T", () => copas.pause(0.01));
  await copas.loop();
  assertEquals([log.length, reports], [5, []]);
});

Deno.test("an error of the report reaches the error handler, and wrong arguments are refused", async () => {
  const copas = new Copas();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  copas.debug.slow(0.02, () => {
    throw new Error("on purpose");
  });
  copas.addthread(async () => {
    await copas.pause(0.001);
    freeze(40);
  });
  await copas.loop();
  copas.debug.slow(Infinity);
  assertEquals(errors.map(String), ["Error: on purpose"]);
  assertThrows(
    () => copas.debug.slow("x" as never),
    TypeError,
    "debug.slow(): the seconds",
  );
  assertThrows(
    () => copas.debug.slow(-1),
    RangeError,
    "debug.slow(): the seconds",
  );
  assertThrows(
    () => copas.debug.slow(1, 1 as never),
    TypeError,
    "debug.slow(): the report",
  );
});

Deno.test("without a report, a line names the thread; and a watch does not keep the program", async () => {
  const { stderr, code } = await runScript(
    `import copas from "{mod}";
     copas.debug.slow(0.05);
     copas.addnamedthread("T", async () => {
       await copas.pause(0.001);
       const end = performance.now() + 100;
       while (performance.now() < end);
     });
     await copas.loop();`,
    [],
  );
  assertEquals(code, 0, stderr);
  const [line, place] = stderr.split("\n");
  assert(
    /^A thread kept the event loop for 0\.1\d\d s \(thread: T, socket: none\); it had waited: sleep$/
      .test(line),
    stderr,
  );
  assert(place.startsWith("    at "), stderr);
});

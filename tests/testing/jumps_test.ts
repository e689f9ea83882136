// When the virtual clock jumps, and to which times.

import { assert, assertEquals } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { TimeoutError } from "../../src/errors/errors.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";
import { strict, virtual } from "../fixtures/virtual.ts";

const bytes = new TextEncoder();

/** Computes for some milliseconds, without a turn of the event loop. */
function compute(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** Lets real time pass that is many times the quiet of a clock with `quiet: 0.001`. */
function realTime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 40));
}

for (const way of ["removed", "woken", "aborted"] as const) {
  Deno.test(`the clock does not jump to the deadline of a pause that was ${way} while all rest`, async () => {
    using pair = await tcpPair();
    const clock = new VirtualClock();
    const copas = strict(new Copas({ clock }));
    const skt = copas.wrap(pair.ours);
    const abort = new AbortController();
    const sleeper = copas.addthread(() =>
      copas.pause(3600, { signal: abort.signal }).catch(() => {})
    );
    copas.addthread(async () => {
      await copas.pause(5);
      // What it leaves behind is the alarm: there is no other deadline.
      if (way === "removed") copas.removethread(sleeper);
      else if (way === "woken") copas.wakeup(sleeper);
      else abort.abort();
      assertEquals(await skt.receive(), "late");
      assertEquals(clock.now(), 5);
    });
    const loop = copas.loop();
    await realTime();
    await pair.theirs.write(bytes.encode("late\n"));
    await loop;
    skt.close();
  });
}

Deno.test("the timeout of a connect that has succeeded does not move the clock", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  copas.addthread(async () => {
    using skt = copas.socket.tcp();
    skt.settimeouts(30, undefined, undefined);
    await skt.connect("127.0.0.1", (listener.addr as Deno.NetAddr).port);
    assertEquals(await skt.receive(), "late");
    assertEquals(clock.now(), 0);
  });
  const loop = copas.loop();
  using conn = await accepted;
  await realTime();
  await conn.write(bytes.encode("late\n"));
  await loop;
});

Deno.test("a signal whose last listener has left does not move the clock", async () => {
  using pair = await tcpPair();
  using other = await tcpPair();
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  const [skt, second] = [copas.wrap(pair.ours), copas.wrap(other.ours)];
  await pair.theirs.write(bytes.encode("now\n"));
  copas.addthread(async () => {
    const signal = clock.timeout(3600);
    assertEquals(await skt.receive("*l", { signal }), "now");
    assertEquals(await second.receive(), "late");
    assertEquals(clock.now(), 0);
    assert(!signal.aborted);
  });
  const loop = copas.loop();
  await realTime();
  await other.theirs.write(bytes.encode("late\n"));
  await loop;
  skt.close();
  second.close();
});

Deno.test("a signal aborts at its time also when its listeners have left", async () => {
  const { copas, clock } = virtual();
  const signal = clock.timeout(5);
  const listener = () => {};
  signal.addEventListener("abort", listener);
  signal.removeEventListener("abort", listener);
  await copas.pause(10);
  assert(signal.aborted);
});

for (
  const [what, bursts, milliseconds] of [
    ["once", 1, 40],
    ["again and again", 8, 20],
  ] as const
) {
  Deno.test(`the clock does not jump while a peer in the process computes ${what} for less than the time of quiet`, async () => {
    using pair = await tcpPair();
    const clock = new VirtualClock({ quiet: 0.05 });
    const copas = strict(new Copas({ clock }));
    const skt = copas.wrap(pair.ours);
    const peer = async () => {
      await pair.theirs.read(new Uint8Array(100));
      for (let i = 0; i < bursts; i++) {
        compute(milliseconds);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await pair.theirs.write(bytes.encode("answer\n"));
    };
    const answered = peer();
    copas.addthread(async () => {
      await skt.send("question\n");
      assertEquals(await skt.receive("*l", { timeout: 10 }), "answer");
      assertEquals(clock.now(), 0);
    });
    await copas.loop();
    await answered;
    skt.close();
  });
}

Deno.test("a peer that has computed just before the clock would jump is heard", async () => {
  using pair = await tcpPair();
  const clock = new VirtualClock({ quiet: 0.02 });
  const copas = strict(new Copas({ clock }));
  const skt = copas.wrap(pair.ours);
  // It computes when the time of quiet is almost over, and is not over before it should be.
  const answered = new Promise<void>((resolve, reject) =>
    setTimeout(() => {
      compute(15);
      pair.theirs.write(bytes.encode("answer\n")).then(() => resolve(), reject);
    }, 17)
  );
  copas.addthread(async () => {
    assertEquals(await skt.receive("*l", { timeout: 10 }), "answer");
    assertEquals(clock.now(), 0);
  });
  await copas.loop();
  await answered;
  skt.close();
});

Deno.test("the clock still jumps where the peer stays silent", async () => {
  using pair = await tcpPair();
  const clock = new VirtualClock({ quiet: 0 });
  const copas = strict(new Copas({ clock }));
  const skt = copas.wrap(pair.ours);
  copas.addthread(async () => {
    const error = await skt.receive("*l", { timeout: 10 }).catch((e) => e);
    assert(error instanceof TimeoutError);
    assertEquals(clock.now(), 10);
  });
  await copas.loop();
  skt.close();
});

Deno.test("16,000 sleepers, timeouts and signals cost milliseconds", async () => {
  const { copas, clock } = virtual();
  let ended = 0;
  for (let i = 1; i <= 16_000; i++) {
    copas.addthread(async () => {
      if (i % 2 === 0) await copas.pause(i);
      else {
        const signal = clock.timeout(i);
        await copas.pauseforever({ signal }).catch(() => {});
      }
      ended++;
    });
  }
  const began = performance.now();
  await copas.loop();
  const took = performance.now() - began;
  assertEquals([ended, clock.now()], [16_000, 16_000]);
  assert(took < 1500, `it took ${took} ms`);
});

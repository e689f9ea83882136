// What keeps the loop going, and what does not.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { Scheduler } from "../../src/core/scheduler.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { scripted } from "../fixtures/socket_script.ts";
import { turn } from "../fixtures/event_loop.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("a dispatcher is finished when it has nothing to do, from the start", async () => {
  const { copas } = virtual();
  assert(copas.finished());
  copas.addthread(() => {});
  assert(copas.finished());
  await copas.step();
  assert(copas.finished());
});

Deno.test("a thread that can go on, sleeps, or waits for a socket or a promise is something to do", async () => {
  const { copas, conn, skt } = scripted();
  const foreign = Promise.withResolvers<void>();
  const states: [begin: () => Promise<unknown>, end: () => void][] = [
    [() => copas.pause(), () => {}],
    [() => copas.pause(5), () => {}],
    [() => skt.receive(), () => conn.feed("line\n")],
    [() => copas.wait(foreign.promise), foreign.resolve],
    [() => turn(), () => {}],
  ];
  for (const [begin, end] of states) {
    copas.addthread(begin);
    assertFalse(copas.finished(), `${begin}`);
    end();
    await copas.loop();
    assert(copas.finished(), `${begin}`);
  }
  await skt.close();
});

Deno.test("the loop waits for a thread in a promise that is not Copas's", async () => {
  const { copas, events } = virtual();
  copas.addthread(async () => {
    for (let i = 0; i < 5; i++) await turn();
    events.push("done");
  });
  await copas.loop();
  assertEquals(events, ["done"]);
});

Deno.test("the end of a write wakes only a loop that may be over", async () => {
  const scheduler = new Scheduler(new VirtualClock(), () => {});
  const { selector, services } = scheduler;
  let isAwake = false;
  selector.rest().then(() => isAwake = true);
  const service = { handle: {}, resume() {}, remove() {} };
  services.add(service);
  selector.writeBegins();
  selector.writeEnds();
  await turn();
  assertFalse(isAwake);
  services.delete(service);
  selector.writeBegins();
  selector.writeEnds();
  await turn();
  assert(isAwake);
});

Deno.test("what was sent and is not written yet is something to do", async () => {
  const { copas, conn, skt } = scripted();
  conn.hold();
  copas.addthread(() => skt.send("hello"));
  await turn();
  assertFalse(copas.finished());
  const loop = copas.loop();
  await turn();
  assert(copas.running);
  conn.release();
  await loop;
  assert(copas.finished());
  await skt.close();
});

Deno.test("a thread that sleeps until it is woken is nothing to do, until it is woken", async () => {
  const { copas } = virtual();
  const queue = copas.queue.new<number>();
  const task = copas.addthread(() => copas.pauseforever());
  const idle = [
    () => copas.sleep(-1),
    () => copas.waitforexit(),
    () => queue.pop(Infinity),
  ].map((wait) => copas.addthread(wait));
  assert(copas.finished());
  copas.wakeup(task);
  assertFalse(copas.finished());
  await copas.loop();
  assert(copas.finished());
  assertEquals(idle.map(({ status }) => status), [
    "suspended",
    "dead",
    "suspended",
  ]);
});

Deno.test("a thread that waits for several things at once is busy if one of them is", async () => {
  const { copas, clock } = virtual();
  copas.addthread(() => Promise.race([copas.pauseforever(), copas.pause(5)]));
  assertFalse(copas.finished());
  await copas.loop();
  assertEquals(clock.now(), 5);
  assert(copas.finished());
});

Deno.test("a server is something to do, until exit is called", () => {
  const { copas } = virtual();
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, () => {});
  assertFalse(copas.finished());
  copas.exit();
  assert(copas.finished());
  copas.removeserver(server);
});

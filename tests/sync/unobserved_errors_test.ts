// Errors of futures that no thread asks for.

import { assertEquals, assertRejects } from "@std/assert";
import { type Dispatch, dispatcher } from "./dispatcher.ts";
import { turn } from "../fixtures/event_loop.ts";

/** Makes a future that fails after some seconds. */
function failing({ copas }: Dispatch, seconds: number) {
  return copas.future.addnamedthread("job", async () => {
    await copas.pause(seconds);
    throw new Error("failed");
  });
}

const report = { thread: "job", message: "failed" };

Deno.test("an error that is not asked for is reported once, when the thread that made the future ends", async () => {
  const there = dispatcher();
  const { copas, clock, reports } = there;
  const log: unknown[] = [];
  copas.addthread(async () => {
    failing(there, 1);
    await copas.pause(3);
    log.push(reports.length);
  });
  copas.addthread(async () => {
    await copas.pause(3.5);
    log.push(reports.length);
  });
  await copas.loop();
  assertEquals([log, reports, clock.now()], [[0, 1], [report], 3.5]);
});

Deno.test("an error is reported at once when the thread that made the future has ended", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  copas.addthread(() => void failing(there, 1));
  copas.addthread(async () => {
    await copas.pause(1.5);
    assertEquals(reports, [report]);
  });
  await copas.loop();
  assertEquals(reports.length, 1);
});

Deno.test("an error is not reported when the thread that made the future asks in time", async () => {
  const there = dispatcher();
  const { copas, clock, reports } = there;
  copas.addthread(async () => {
    const futures = [3, 1, 2].map((seconds) => failing(there, seconds));
    // One after the other: two have failed before any thread asks for them.
    for (const future of futures) {
      await assertRejects(() => future.get(), Error, "failed");
    }
    assertEquals(clock.now(), 3);
  });
  await copas.loop();
  assertEquals(reports, []);
});

Deno.test("to try is to ask", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  copas.addthread(async () => {
    const future = failing(there, 1);
    await copas.pause(2);
    assertEquals(future.try()[0], copas.future.ERROR);
  });
  await copas.loop();
  assertEquals(reports, []);
});

Deno.test("who waits in vain has not asked", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  copas.addthread(async () => {
    const future = failing(there, 2);
    await assertRejects(() => future.get(1));
    assertEquals(future.try(), [copas.future.PENDING]);
    await copas.pause(2);
  });
  await copas.loop();
  assertEquals(reports, [report]);
});

Deno.test("a thread that goes on for ever has ten seconds to ask", async () => {
  const there = dispatcher();
  const { copas, clock, reports } = there;
  const log: unknown[] = [];
  copas.seterrorhandler(() => log.push(`reported at ${clock.now()}`), true);
  copas.addthread(async () => {
    failing(there, 1);
    await copas.pause(100);
  });
  await copas.loop();
  assertEquals([log, reports], [["reported at 11"], []]);
});

Deno.test("who asks after the report still gets the error, and there is no second report", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  copas.addthread(async () => {
    const future = failing(there, 1);
    await copas.pause(20);
    assertEquals(reports, [report]);
    await assertRejects(() => future.get(), Error, "failed");
  });
  await copas.loop();
  assertEquals(reports, [report]);
});

Deno.test("an error that is not asked for is reported before the loop ends, also when its thread never does", async () => {
  const there = dispatcher();
  const { copas, clock, reports } = there;
  copas.addthread(async () => {
    failing(there, 1);
    await copas.pauseforever();
  });
  await copas.loop();
  assertEquals([reports, clock.now()], [[report], 1]);
});

Deno.test("the error of a future that code outside every thread made is reported at the end of the turn", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  failing(there, 1);
  copas.addthread(async () => {
    await copas.pause(2);
    assertEquals(reports, [report]);
  });
  await copas.loop();
  assertEquals(reports.length, 1);
});

Deno.test("code outside every thread can ask as long as it waits, and right after", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  const futures = [3, 1, 2].map((seconds) => failing(there, seconds));
  for (const future of futures) {
    await assertRejects(() => future.get(), Error, "failed");
  }
  assertEquals(reports, []);
  failing(there, 1);
  await copas.pause(2);
  assertEquals(reports, []);
  // It does not: the next turn of the event loop is too late.
  for (let turns = 0; turns < 2; turns++) {
    await turn();
  }
  assertEquals(reports, [report]);
});

Deno.test("another thread can ask while the code outside every thread waits", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  const future = failing(there, 1);
  copas.addthread(async () => {
    await copas.pause(2);
    await assertRejects(() => future.get(), Error, "failed");
  });
  await copas.pause(3);
  for (let turns = 0; turns < 2; turns++) {
    await turn();
  }
  assertEquals(reports, []);
});

Deno.test("a thread's own error handler gets the error that is not asked for", async () => {
  const { copas, reports } = dispatcher();
  const heard: string[] = [];
  copas.addthread(() => {
    copas.future.addthread(() => {
      copas.seterrorhandler((error) => heard.push(String(error)));
      throw new Error("failed");
    });
  });
  await copas.loop();
  assertEquals([heard, reports], [["Error: failed"], []]);
});

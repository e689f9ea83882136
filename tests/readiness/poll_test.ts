// Deno's event loop has to ask the system for I/O, also where there is always
// something else to run.

import { assert, assertEquals } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { afterPoll } from "../../src/readiness/poll.ts";
import { tcpPair, write } from "../fixtures/socket_pair.ts";
import { turn } from "../fixtures/event_loop.ts";

/** A busy system may not have carried over yet what a peer has sent: so most of the times, not all. */
function assertMost(found: number): void {
  assert(found > 10, `${found} of 20`);
}

Deno.test("after a poll, a read of what had arrived has ended", async () => {
  let found = 0;
  for (let i = 0; i < 20; i++) {
    using pair = await tcpPair();
    await write(pair.theirs, "here");
    let ended = false;
    const read = pair.ours.read(new Uint8Array(10)).then(() => ended = true);
    await new Promise<void>((resolve) => afterPoll(resolve));
    if (ended) found++;
    await read;
  }
  assertMost(found);
});

Deno.test("a poll that was taken back does not call", async () => {
  let called = false;
  const cancel = afterPoll(() => called = true);
  await turn();
  cancel();
  await new Promise<void>((resolve) => afterPoll(resolve));
  assertEquals(called, false);
});

Deno.test("step(0) finds what has arrived", async () => {
  let found = 0;
  for (let i = 0; i < 20; i++) {
    using pair = await tcpPair();
    const copas = new Copas();
    const skt = copas.wrap(pair.ours);
    let line: unknown;
    copas.addthread(async () => {
      line = await skt.receive().catch(() => {});
    });
    await write(pair.theirs, "here\n");
    if (await copas.step(0) && line === "here") found++;
    await skt.close();
    await copas.loop();
  }
  assertMost(found);
});

Deno.test("threads that never wait for anything do not hold up the sockets", async () => {
  using pair = await tcpPair();
  const copas = new Copas();
  const ours = copas.wrap(pair.ours);
  const theirs = copas.wrap(pair.theirs);
  let turns = 0;
  let over = false;
  copas.addthread(async () => {
    for (; !over; turns++) await copas.pause();
  });
  copas.addthread(async () => {
    for await (const line of theirs) await theirs.send(line + "\n");
    theirs.close();
  });
  copas.addthread(async () => {
    for (let i = 0; i < 10; i++) {
      await ours.send(`${i}\n`);
      assertEquals(await ours.receive(), `${i}`);
    }
    over = true;
    ours.close();
  });
  await copas.loop();
  // Two polls an echo, a thousand turns a poll. It was sixty times as many.
  assert(turns < 200_000, `ten echoes took ${turns} turns of the other thread`);
});

/**
 * Our threads at what they do without sockets.
 *
 * @module
 */

import copas from "../../../mod.ts";
import { work } from "../threads.ts";

/** How many threads switch among themselves. */
const THREADS = 100;
/** What a semaphore holds; workers of a queue. */
const TOOLS = 10;

await work({
  async switches(size) {
    const each = size / THREADS;
    for (let i = 0; i < THREADS; i++) {
      copas.addthread(async () => {
        for (let n = 0; n < each; n++) await copas.pause(0);
      });
    }
    await copas.loop();
    return each * THREADS;
  },
  async sleepers(size) {
    for (let i = 0; i < size; i++) {
      const seconds = Math.random();
      copas.addthread(async () => {
        await copas.sleep(seconds);
      });
    }
    await copas.loop();
    return size;
  },
  async lock(size) {
    const each = size / THREADS;
    const lock = copas.lock.new(Infinity);
    for (let i = 0; i < THREADS; i++) {
      copas.addthread(async () => {
        for (let n = 0; n < each; n++) {
          await lock.get();
          lock.release();
        }
      });
    }
    await copas.loop();
    return each * THREADS;
  },
  async semaphore(size) {
    const each = size / THREADS;
    const semaphore = copas.semaphore.new(TOOLS, TOOLS, Infinity);
    for (let i = 0; i < THREADS; i++) {
      copas.addthread(async () => {
        for (let n = 0; n < each; n++) {
          await semaphore.take();
          semaphore.give();
        }
      });
    }
    await copas.loop();
    return each * THREADS;
  },
  async queue(size) {
    const queue = copas.queue.new<number>();
    let done = 0;
    for (let i = 0; i < TOOLS; i++) {
      queue.addworker(async () => {
        done++;
        await copas.pause(0);
      });
    }
    copas.addthread(async () => {
      for (let n = 0; n < size; n++) await queue.push(n);
      await queue.finish(Infinity);
    });
    await copas.loop();
    return done;
  },
});

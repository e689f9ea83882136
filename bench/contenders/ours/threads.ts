/**
 * Our threads at what they do without sockets.
 *
 * @module
 */

import copas from "../../../mod.ts";
import { work } from "../threads.ts";

/** How many threads switch among themselves. */
const THREADS = 100;

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
});

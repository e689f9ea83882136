/**
 * What the platform has for the same: a bare `await` of a promise that is
 * resolved already, and a timer of its own for each sleeper.
 *
 * @module
 */

import { work } from "../threads.ts";

/** How many functions await in turn. */
const THREADS = 100;

await work({
  async switches(size) {
    const each = size / THREADS;
    const threads = Array.from({ length: THREADS }, async () => {
      for (let n = 0; n < each; n++) await Promise.resolve();
    });
    await Promise.all(threads);
    return each * THREADS;
  },
  async sleepers(size) {
    const threads = Array.from({ length: size }, async () => {
      const milliseconds = Math.random() * 1000;
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
    });
    await Promise.all(threads);
    return size;
  },
});

/**
 * The health check that a handler's module may export.
 *
 * @module
 */

/** Seconds between a check and the next one, at most. */
const LONGEST_PAUSE = 5;

/**
 * Runs a check again and again, until it fails: it throws, gives `false`, or
 * takes longer than `limit` seconds.
 *
 * @param fail is told why, once
 * @returns a function that ends the checks
 */
export function watchHealth(
  check: () => unknown,
  limit: number,
  fail: (why: string) => void,
): () => void {
  let over = false;
  const end = (why?: string) => {
    if (!over && why !== undefined) fail(`its health check ${why}`);
    over = true;
    clearTimeout(pause);
  };
  let pause: ReturnType<typeof setTimeout> | undefined;
  const run = async () => {
    const late = limit < Infinity
      ? setTimeout(() => end(`took longer than ${limit} seconds`), limit * 1000)
      : undefined;
    try {
      if (await check() === false) end("gave false");
    } catch (error) {
      end(`failed: ${error instanceof Error ? error.message : error}`);
    } finally {
      clearTimeout(late);
    }
    if (!over) pause = setTimeout(run, seconds * 1000);
  };
  const seconds = Math.min(limit / 4, LONGEST_PAUSE);
  run();
  return () => end();
}

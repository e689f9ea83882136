/**
 * What the servers of the fairness case do for a line.
 *
 * @module
 */

/** Computes for the milliseconds of the first argument, if the line is of the greedy client. */
export function work(line: string): void {
  if (!line.startsWith("g")) return;
  const until = performance.now() + Number(Deno.args[0]);
  while (performance.now() < until);
}

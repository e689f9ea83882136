/**
 * How a server of the benchmarks says that it is ready.
 *
 * @module
 */

/** Tells the benchmark where the server listens. */
export function announce(address: Deno.Addr): void {
  console.log(
    "path" in address ? address.path : (address as Deno.NetAddr).port,
  );
}

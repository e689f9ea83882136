/**
 * How a server of the benchmarks is told where to listen, and says that it does.
 *
 * @module
 */

/** Listens as a competent user would: with room for a thousand connections at once. */
export function listen(path?: string): Deno.Listener {
  return path === undefined
    ? Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 4096 })
    : Deno.listen({ transport: "unix", path });
}

/** Tells the benchmark the address. */
export function announce(address: Deno.Addr): void {
  console.log(
    "path" in address ? address.path : (address as Deno.NetAddr).port,
  );
}

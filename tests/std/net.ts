// Stand-in for `@std/net`, used where JSR can't be reached: `getAvailablePort`,
// with the signature of the real one.

/** Options of {@linkcode getAvailablePort}. */
export interface GetAvailablePortOptions {
  /** The port to give if it is free. */
  preferredPort?: number;
}

/** Finds a free TCP port. Another process may take it before the caller does. */
export function getAvailablePort(options?: GetAvailablePortOptions): number {
  const { preferredPort } = options ?? {};
  if (preferredPort) {
    try {
      return portOf(preferredPort);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  return portOf(0);
}

/** Listens for a moment, and says where. */
function portOf(port: number): number {
  using listener = Deno.listen({ port });
  return listener.addr.port;
}

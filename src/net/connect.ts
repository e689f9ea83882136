/**
 * TCP connections to one address, or to the first of several that answers.
 *
 * @module
 */

/** Seconds for each of a name's addresses but the last one. */
const ATTEMPT_SECONDS = 2;

/**
 * Connects to the first of a name's addresses that answers.
 *
 * @param addresses IP addresses, at least one
 * @param signal rejects with its reason when it aborts
 */
export async function connectToFirst(
  addresses: string[],
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const last = addresses.at(-1)!;
  for (const hostname of addresses) {
    if (hostname === last) break;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), ATTEMPT_SECONDS * 1000);
    try {
      const either = AbortSignal.any([signal, limit.signal]);
      return await connectTo(hostname, port, either);
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  return await connectTo(last, port, signal);
}

/**
 * Connects to one host. Deno 2.9.6 loses a connection that is made in the turn
 * of the event loop in which its signal aborts: the caller does not get it, so
 * it stays open. So Deno is told of the abort a turn later, when a connection
 * that was made has been handed over.
 *
 * @param signal rejects with its reason when it aborts
 */
export async function connectTo(
  hostname: string,
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const delayed = new AbortController();
  let immediate: ReturnType<typeof setImmediate> | undefined;
  const abort = () => {
    immediate = setImmediate(() => delayed.abort(signal.reason));
  };
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", abort);
  try {
    return await Deno.connect({ hostname, port, signal: delayed.signal });
  } finally {
    signal.removeEventListener("abort", abort);
    if (immediate !== undefined) clearImmediate(immediate);
  }
}

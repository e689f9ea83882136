/**
 * Declares a test of the conformance suite: it runs once over each kind of stream.
 *
 * @module
 */

import { type Clock, RealClock } from "../../../src/core/clock.ts";
import type { StreamSocketOptions } from "../../../src/socket/socket_options.ts";
import { type Connected, transports } from "./transports.ts";

/** The real clock. */
export function realClock(): Clock {
  return new RealClock();
}

/**
 * A test of `body` over each kind of stream.
 *
 * @param clock makes the clock; default: the virtual one, which jumps when the
 * dispatcher rests. What takes long with real sockets needs the real one
 */
export function overEvery(
  name: string,
  body: (connected: Connected) => Promise<void>,
  options?: StreamSocketOptions,
  clock?: () => Clock,
): void {
  for (const { name: transport, ignore, connect } of transports) {
    Deno.test({
      name: `${transport}: ${name}`,
      ignore,
      async fn() {
        using connected = await connect(options, clock?.());
        await body(connected);
      },
    });
  }
}

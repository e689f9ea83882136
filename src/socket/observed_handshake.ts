/**
 * TLS handshakes as they are counted, and as an instrumentation hears of them.
 *
 * @module
 */

import { type Attributes, errorType } from "../core/counts.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { CopasError } from "../errors/errors.ts";
import { peerAttributes } from "../net/address.ts";
import type { TlsMode } from "../tls/params.ts";
import type { TlsSession } from "../tls/session.ts";

/**
 * Does a handshake, counts how long it took and how it ended, and makes a span
 * of it where there is an instrumentation.
 */
export async function observedHandshake(
  scheduler: Scheduler,
  conn: Deno.Conn,
  mode: TlsMode,
  host: string | undefined,
  work: () => Promise<TlsSession>,
): Promise<TlsSession> {
  const { tracer, clock, counts } = scheduler;
  const side = { "copas.tls.side": mode };
  const activity = tracer?.begin({
    kind: "handshake",
    name: "TLS handshake",
    attributes: {
      ...peerAttributes(conn.remoteAddr),
      ...side,
      ...(host === undefined ? {} : { "server.address": host }),
      "tls.protocol.name": "tls",
    },
  });
  const began = clock.now();
  const record = (attributes: Attributes) => {
    const seconds = clock.now() - began;
    counts.handshakes.record(seconds, attributes);
    scheduler.recorder?.("copas.tls.handshake.duration", seconds, attributes);
  };
  try {
    const session = await (activity?.run(work) ?? work());
    record(side);
    const { alpn, servername } = session;
    if (alpn !== null) activity?.set({ "tls.next_protocol": alpn });
    if (servername !== null) {
      activity?.set({ "tls.client.server_name": servername });
    }
    activity?.end();
    return session;
  } catch (error) {
    // What the platform throws becomes a HandshakeError on its way to the caller.
    const type = error instanceof CopasError ? errorType(error) : "handshake";
    record({ ...side, "error.type": type });
    activity?.end(error);
    throw error;
  }
}

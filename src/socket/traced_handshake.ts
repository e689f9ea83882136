/**
 * TLS handshakes as an instrumentation hears of them.
 *
 * @module
 */

import type { Tracer } from "../core/tracer.ts";
import { peerAttributes } from "../net/address.ts";
import type { TlsMode } from "../tls/params.ts";
import type { TlsSession } from "../tls/session.ts";

/** Does a handshake within a span. */
export async function tracedHandshake(
  tracer: Tracer,
  conn: Deno.Conn,
  mode: TlsMode,
  host: string | undefined,
  work: () => Promise<TlsSession>,
): Promise<TlsSession> {
  const activity = tracer.begin({
    kind: "handshake",
    name: "TLS handshake",
    attributes: {
      ...peerAttributes(conn.remoteAddr),
      "copas.tls.side": mode,
      ...(host === undefined ? {} : { "server.address": host }),
      "tls.protocol.name": "tls",
    },
  });
  try {
    const session = await activity.run(work);
    const { alpn, servername } = session;
    if (alpn !== null) activity.set({ "tls.next_protocol": alpn });
    if (servername !== null) {
      activity.set({ "tls.client.server_name": servername });
    }
    activity.end();
    return session;
  } catch (error) {
    activity.end(error);
    throw error;
  }
}

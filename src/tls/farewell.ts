/**
 * The goodbye of TLS: how a connection is closed so that the peer knows that
 * nothing is missing.
 *
 * @module
 */

/** How long a close may take to tell the peer, in milliseconds. */
const FAREWELL = 1000;

/** Resolves when `farewell` has settled, or when the peer has had enough time for it. */
export async function inTime(farewell: Promise<unknown>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, FAREWELL);
  // A peer that has gone already needs no goodbye.
  await Promise.race([farewell.catch(() => {}), patience.promise]);
  clearTimeout(timer);
}

/**
 * Closes a connection that has TLS of Deno's own. Its `close` leaves
 * close_notify to a task of its own, which a process that exits at once never
 * runs (2.9.6); `closeWrite` is awaited.
 */
export async function closeTls(conn: Deno.TlsConn): Promise<void> {
  try {
    await inTime(conn.closeWrite());
  } finally {
    try {
      conn.close();
    } catch {
      // The caller has closed it itself.
    }
  }
}

/**
 * The handshake of a connection that `Deno.listenTls` accepted, the end of one
 * that was given up, and the goodbye of one that is closed.
 *
 * Deno keeps the descriptor of a connection that is closed before its handshake
 * is over until the peer does something, and once `close` was called nothing
 * tells when that was (2.9.6). So the connection of a handshake that was given
 * up stays open until the handshake settles, and the server counts it as long.
 *
 * @module
 */

import { ListNode } from "../collections/linked_list.ts";
import type { KeepAlive, Selector } from "../readiness/selector.ts";

/** The server that counts the handshakes that were given up. */
export interface HandshakeCounter {
  /** A handshake was given up, and its peer keeps the connection. */
  stalled(): void;
  /** The connection of such a handshake is gone. */
  released(): void;
}

const accepted = new WeakMap<Deno.Conn, AcceptedHandshake>();

/** The handshake of a connection that a server accepted. */
export class AcceptedHandshake implements KeepAlive {
  readonly #conn: Deno.TlsConn;
  readonly #selector: Selector;
  readonly #server: HandshakeCounter;
  /** The place among the operations under way, once it was given up. */
  readonly #node: ListNode<KeepAlive> = new ListNode<KeepAlive>(this);
  #isUnderWay = false;
  #isStalled = false;

  constructor(
    conn: Deno.TlsConn,
    selector: Selector,
    server: HandshakeCounter,
  ) {
    this.#conn = conn;
    this.#selector = selector;
    this.#server = server;
    accepted.set(conn, this);
  }

  /** Does the handshake. */
  async run(): Promise<Deno.TlsHandshakeInfo> {
    this.#isUnderWay = true;
    try {
      return await this.#conn.handshake();
    } finally {
      this.#isUnderWay = false;
      accepted.delete(this.#conn);
      if (this.#isStalled) this.#release();
    }
  }

  /**
   * Closes the connection: when its handshake has settled, where that is under
   * way. Without a `loop()` that ends, the handshake would keep the process
   * alive: then the connection is closed at once, and not counted.
   */
  close(): void {
    if (this.#isStalled) return;
    if (!this.#isUnderWay || !this.#selector.looping) return close(this.#conn);
    this.#isStalled = true;
    this.#selector.hold(this.#node);
    this.#server.stalled();
  }

  /** The loop is over. */
  letGo(): void {
    this.#release();
  }

  #release(): void {
    this.#isStalled = false;
    this.#selector.drop(this.#node);
    close(this.#conn);
    this.#server.released();
  }
}

/** Does, or awaits, the handshake of a connection that has TLS of Deno's own. */
export function handshakeOf(
  conn: Deno.TlsConn,
): Promise<Deno.TlsHandshakeInfo> {
  return accepted.get(conn)?.run() ?? conn.handshake();
}

/** Closes a connection of Deno's, whatever it is doing. */
export function closeConn(conn: Deno.Conn): void {
  const handshake = accepted.get(conn);
  if (handshake === undefined) close(conn);
  else handshake.close();
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed, or it has become another one by the upgrade.
  }
}

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

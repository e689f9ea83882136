/**
 * An open connection: Deno's resource, and the two halves that work on it.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { wrongType } from "../errors/arguments.ts";
import { HandshakeError } from "../errors/errors.ts";
import { isGone } from "../errors/platform.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { formatAddr } from "../net/address.ts";
import type { Meter } from "../readiness/meter.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { discardRest } from "./discard.ts";
import { type ConnectionLimits, lingerOf } from "./linger.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import type { SocketIdentity } from "./socket_identity.ts";
import { CLOSED_REASON, HANDSHAKE_REASON } from "./stream_state.ts";
import { sendSmallWritesAtOnce } from "./tcp_options.ts";
import { closeConn, closeTls } from "../tls/accepted_handshake.ts";
import { isTls } from "../tls/secure.ts";
import type { TlsSession } from "../tls/session.ts";

/** The first byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16;

/** What a connected stream socket works on. */
export class Connection {
  /** Deno's resource, to be asked for addresses and options. */
  readonly conn: Deno.Conn;
  /** The receiving half. */
  readonly receiver: Receiver;
  /** The beginning of the peer's handshake, where it was read already: by `peek`, or together with what came before it. */
  peeked?: Uint8Array;
  /** What the TLS handshake has brought, if there was one. */
  session?: TlsSession;
  /** Whether it was closed at once, and what was not written is lost on purpose. */
  isAbandoned = false;
  /** Whether one direction, or both, has been shut down. */
  isHalfClosed = false;
  readonly #scheduler: Scheduler;
  readonly #socket: SocketIdentity;
  readonly #limits: ConnectionLimits;
  readonly #meter?: Meter;
  #sender?: Sender = undefined;
  #isClosed = false;
  /** Whether the stream is closed, or being closed. */
  #isReleased = false;

  constructor(
    scheduler: Scheduler,
    socket: SocketIdentity,
    limits: ConnectionLimits,
    conn: Deno.Conn,
    session?: TlsSession,
    meter?: Meter,
  ) {
    this.conn = conn;
    this.session = session;
    // Reads that go by way of an engine are no source's: see `Source`.
    if (session !== undefined && session.stream !== conn) unref(conn);
    sendSmallWritesAtOnce(conn);
    this.#meter = meter;
    this.receiver = new Receiver(
      scheduler,
      this.#stream,
      socket,
      limits,
      meter,
    );
    this.#scheduler = scheduler;
    this.#socket = socket;
    this.#limits = limits;
  }

  /** The sending half, made when it is needed: many connections wait for long before they send. */
  get sender(): Sender {
    if (this.#sender === undefined) {
      this.#sender = new Sender(
        this.#scheduler,
        this.#stream,
        this.#socket,
        this.#meter,
      );
      this.receiver.source.writes = this.#sender.sink;
      if (this.#isClosed) this.#sender.close(CLOSED_REASON);
    }
    return this.#sender;
  }

  /** How many bytes have been taken to be sent. */
  get sent(): number {
    return this.#sender?.sink.taken ?? 0;
  }

  /** How many bytes the kernel has got. */
  get written(): number {
    return this.#sender?.sink.written ?? 0;
  }

  /** Whether nothing is left to write. */
  get isDrained(): boolean {
    return this.#sender?.isDrained ?? true;
  }

  /** Whether another user can go on with it: no call of the one before waits, nothing is left over, and the peer has not closed it, as far as is known. */
  get isClean(): boolean {
    const { receiver } = this;
    return receiver.isQuiet && !receiver.isAwaited && !this.isHalfClosed &&
      (this.#sender?.isWhole ?? true);
  }

  get #stream(): ByteStream {
    return this.session?.stream ?? this.conn;
  }

  /**
   * Ends both halves, so that TLS can take the connection over. What was sent is
   * written first, in plain text.
   *
   * @returns nothing when there is nothing to wait for
   * @throws {HandshakeError} when bytes have come already that are no handshake.
   * They came in plain text, and an attacker on the way may have slipped them in:
   * they must not be taken for what the peer says inside TLS
   */
  prepareUpgrade(options: WaitOptions): Promise<void> | undefined {
    const { receiver, sender, conn } = this;
    const messagePrefix = `Cannot establish TLS with ${
      formatAddr(conn.remoteAddr)
    }`;
    const { buffer, busy } = receiver.source;
    receiver.close(HANDSHAKE_REASON);
    sender.close(HANDSHAKE_REASON);
    if (buffer.length > 0 && buffer.view()[0] === TLS_HANDSHAKE) {
      this.peeked = buffer.view().slice();
    } else if (buffer.length > 0) {
      throw new HandshakeError(
        `${messagePrefix}: the peer sent ${buffer.length} bytes of plain text before its handshake; they are dropped`,
      );
    }
    if (busy) {
      // Deno can't take a read back, not even one that has timed out.
      throw new HandshakeError(
        `${messagePrefix}: a receive is under way on it; let it end with its data first`,
      );
    }
    unref(conn);
    if (sender.isDrained) return undefined;
    return sender.drain("dohandshake()", false, options);
  }

  /** Goes on with the counts of the connection that this one was before its upgrade. */
  inheritCounts(before: Connection): void {
    this.receiver.source.received += before.receiver.delivered;
    this.sender.sink.taken += before.sender.sink.taken;
    this.sender.sink.written += before.sender.sink.written;
  }

  /** Closes the connection at once; what was not written is lost. */
  abandon(why: string): void {
    this.#isClosed = this.isAbandoned = true;
    this.receiver.close(why);
    this.receiver.source.drop();
    this.#sender?.abandon(why);
    this.#abort();
  }

  /** Closes the connection when all that was sent is written. Resolves, or fails, when it is closed. */
  close(): Promise<void> {
    if (this.#isReleased) return Promise.resolve();
    this.#isClosed = true;
    const discards = this.#mayPeerStillSend;
    const waits = this.#limits.lingeralways === true ||
      this.receiver.source.buffer.length > 0;
    this.receiver.close(CLOSED_REASON);
    this.#sender?.close(CLOSED_REASON);
    if (discards || this.#sender?.isDrained === false) {
      return this.#closeSlowly(discards, waits);
    }
    return this.#release() ?? Promise.resolve();
  }

  /** Writes what is left, and reads what may still come; both end with the time for them. The loop stays until the connection is closed. */
  async #closeSlowly(discards: boolean, waits: boolean): Promise<void> {
    const { selector } = this.#scheduler;
    selector.writeBegins();
    try {
      const timeout = lingerOf(this.#limits, this.#socket.timeouts);
      // Most have nothing to discard: the clock is not asked for them.
      const deadline = discards ? this.#scheduler.clock.now() + timeout : 0;
      if (!this.sender.isDrained) {
        await this.sender.drain("close()", true, { timeout });
      }
      if (discards && !this.#isReleased) await this.#discard(deadline, waits);
    } catch (error) {
      this.#sender?.abandon(CLOSED_REASON);
      this.#abort();
      throw error;
    } finally {
      const released = this.#release();
      if (released !== undefined) await released;
      selector.writeEnds();
    }
  }

  #discard(deadline: number, waits: boolean): Promise<void> {
    const scheduler = this.#scheduler;
    const left = Math.max(deadline - scheduler.clock.now(), 0);
    const { source } = this.receiver;
    const stream = this.#stream;
    return discardRest(scheduler, stream, this.#socket, source, waits, left);
  }

  /** Whether a close now may lose what was sent, because the system resets a connection on which unread bytes come. */
  get #mayPeerStillSend(): boolean {
    const { buffer, isExhausted, busy, received } = this.receiver.source;
    if (isExhausted || this.sent === 0) return false;
    if (this.sender.sink.failure !== undefined) return false;
    return this.#limits.lingeralways === true ||
      !busy && (buffer.length > 0 || received === 0);
  }

  #abort(): void {
    if (!this.#isReleased) {
      if (this.#stream.abort === undefined) this.#closeStream();
      else this.#stream.abort();
      this.#sender?.dispose();
    }
    this.#isReleased = true;
  }

  #release(): Promise<void> | void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#sender?.dispose();
    const { conn } = this;
    const closing = isTls(conn) && this.#isSecured
      ? closeTls(conn)
      : this.#closeStream();
    if (closing === undefined) return;
    // The loop waits for the goodbye: the program may exit after it.
    const { selector } = this.#scheduler;
    selector.writeBegins();
    return closing.finally(() => selector.writeEnds());
  }

  /** Whether the handshake of Deno's own TLS is done, be it by a read or write of a caller's. */
  get #isSecured(): boolean {
    return this.session !== undefined || this.sent > 0 ||
      this.receiver.source.received > 0;
  }

  #closeStream(): Promise<void> | void {
    const stream = this.#stream;
    if (stream === this.conn && isTls(this.conn)) return closeConn(this.conn);
    try {
      return stream.close();
    } catch {
      // The caller has closed Deno's connection itself.
    }
  }

  /** Closes one direction, or both. */
  async shutdown(direction: "send" | "receive" | "both"): Promise<void> {
    if (!["send", "receive", "both"].includes(direction)) {
      throw wrongType(
        "shutdown()",
        "the direction",
        '"send", "receive" or "both"',
        direction,
      );
    }
    this.isHalfClosed = true;
    const { receiver, sender } = this;
    if (direction !== "send") {
      receiver.close("the socket was shut down for receiving");
    }
    if (direction === "receive") return;
    sender.close("the socket was shut down for sending");
    if (!sender.isDrained) {
      const timeout = this.#socket.timeouts.send;
      await sender.drain("shutdown()", true, { timeout });
    }
    await this.#stream.closeWrite().catch((error) => {
      // The peer has closed first, or the caller has closed Deno's connection itself.
      if (!isGone(error)) throw error;
    });
  }
}

/** The dispatcher keeps the process alive while it is driven; a socket alone must not. */
function unref(conn: Deno.Conn): void {
  if ("unref" in conn) (conn as Deno.TcpConn).unref();
}

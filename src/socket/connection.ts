/**
 * An open connection: Deno's resource, and the two halves that work on it.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { HandshakeError } from "../errors/errors.ts";
import { isGone } from "../errors/platform.ts";
import { formatAddr } from "../net/address.ts";
import type { ByteStream } from "../readiness/stream.ts";
import type { Limits } from "./limits.ts";
import { type HalfOwner, Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import type { TlsSession } from "../tls/session.ts";

/** The options that a stream socket knows. */
export type SocketOption = "tcp-nodelay" | "keepalive";

/** Deno's methods for them. */
const METHODS = {
  "tcp-nodelay": "setNoDelay",
  "keepalive": "setKeepAlive",
} as const;

/** Why a call on a closed socket fails. */
const CLOSED = "the socket is closed";

/** What a connected stream socket works on. */
export class Connection {
  readonly conn: Deno.Conn;
  readonly receiver: Receiver;
  readonly #scheduler: Scheduler;
  readonly #owner: HalfOwner;
  #sender?: Sender = undefined;
  #closed = false;
  /** What the TLS handshake has brought, if there was one. */
  session?: TlsSession;

  constructor(
    scheduler: Scheduler,
    conn: Deno.Conn,
    owner: HalfOwner,
    limits: Limits,
    session?: TlsSession,
  ) {
    this.conn = conn;
    this.session = session;
    // Reads that go by way of an engine are no source's: see `Source`.
    if (session !== undefined && session.stream !== conn) unref(conn);
    if ("setNoDelay" in conn) tryNoDelay(conn as Deno.TcpConn);
    this.receiver = new Receiver(scheduler, this.#stream, owner, limits);
    this.#scheduler = scheduler;
    this.#owner = owner;
  }

  /** The sending half, made when it is needed: many connections wait for long before they send. */
  get sender(): Sender {
    if (this.#sender === undefined) {
      this.#sender = new Sender(this.#scheduler, this.#stream, this.#owner);
      if (this.#closed) this.#sender.close(CLOSED);
    }
    return this.#sender;
  }

  /** How many bytes have been taken to be sent. */
  get sent(): number {
    return this.#sender?.sink.taken ?? 0;
  }

  get #stream(): ByteStream {
    return this.session?.stream ?? this.conn;
  }

  /**
   * Ends both halves, so that TLS can have the connection. What was sent is
   * written first, in plain text; nothing is returned when there is nothing to
   * wait for.
   *
   * @throws {HandshakeError} when bytes have come already. They came in plain
   * text, and somebody on the way may have slipped them in: they must not be
   * taken for what the peer says inside TLS
   */
  fallSilent(options: WaitOptions): Promise<void> | undefined {
    const { receiver, sender, conn } = this;
    const failed = `Cannot establish TLS with ${formatAddr(conn.remoteAddr)}`;
    const { buffer, busy } = receiver.source;
    const why = "its TLS handshake is under way";
    receiver.close(why);
    sender.close(why);
    if (buffer.length > 0) {
      throw new HandshakeError(
        `${failed}: the peer sent ${buffer.length} bytes of plain text before its handshake; they are dropped`,
      );
    }
    if (busy) {
      // Deno can't take a read back, not even one that has timed out.
      throw new HandshakeError(
        `${failed}: a receive is under way on it; let it end with its data first`,
      );
    }
    unref(conn);
    return sender.isDrained ? undefined : sender.drain(options);
  }

  /** Counts the bytes on from where the same connection was before its upgrade. */
  goOnCounting(before: Connection): void {
    this.receiver.source.received += before.receiver.source.received;
    this.sender.sink.taken += before.sender.sink.taken;
    this.sender.sink.written += before.sender.sink.written;
  }

  /** Closes the connection at once; what was not written is lost. */
  abandon(why: string): void {
    this.receiver.close(why);
    this.sender.close(why);
    this.#release();
  }

  /** Closes the connection when all that was sent is written. Resolves, or fails, when it is closed. */
  close(): Promise<void> {
    this.#closed = true;
    this.receiver.close(CLOSED);
    this.#sender?.close(CLOSED);
    if (this.#sender?.isDrained === false) {
      return this.#sender.drain().finally(() => this.#release());
    }
    return this.#release() ?? Promise.resolve();
  }

  #release(): Promise<void> | void {
    try {
      return this.#stream.close();
    } catch {
      // Somebody closed the connection behind our back.
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
    const { receiver, sender } = this;
    if (direction !== "send") {
      receiver.close("the socket was shut down for receiving");
    }
    if (direction === "receive") return;
    sender.close("the socket was shut down for sending");
    if (!sender.isDrained) await sender.drain();
    await this.#stream.closeWrite().catch((error) => {
      // Somebody was faster: the peer, or whoever closed the connection behind our back.
      if (!isGone(error)) throw error;
    });
  }

  /** Sets an option. */
  setOption(name: SocketOption, value: boolean, owner: HalfOwner): void {
    const call = "setoption()";
    if (!Object.hasOwn(METHODS, name)) {
      const known = Object.keys(METHODS).map((option) => `"${option}"`);
      throw wrongType(call, "the name", known.join(" or "), name);
    }
    if (typeof value !== "boolean") {
      throw wrongType(call, "the value", "a boolean", value);
    }
    const method = METHODS[name];
    if (!(method in this.conn)) {
      throw new Deno.errors.NotSupported(
        `${call}: ${owner.name} has no option ${name}; only TCP has`,
      );
    }
    (this.conn as Deno.TcpConn)[method](value);
  }
}

/** The dispatcher keeps the process alive while it is driven; a socket alone must not. */
function unref(conn: Deno.Conn): void {
  if ("unref" in conn) (conn as Deno.TcpConn).unref();
}

/** Without it, the second of two small writes would wait 40 ms for the peer's acknowledgement of the first. */
function tryNoDelay(conn: Deno.TcpConn): void {
  try {
    conn.setNoDelay(true);
  } catch {
    // The peer has gone already: the first receive or send tells.
  }
}

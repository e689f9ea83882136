/**
 * An open connection: Deno's resource, and the two halves that work on it.
 *
 * @module
 */

import { wrongType } from "../arguments.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { type HalfOwner, type Limits, Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";

/** The options that a stream socket knows. */
export type SocketOption = "tcp-nodelay" | "keepalive";

/** Deno's methods for them. */
const METHODS = {
  "tcp-nodelay": "setNoDelay",
  "keepalive": "setKeepAlive",
} as const;

/** What a connected stream socket works on. */
export class Connection {
  readonly conn: Deno.Conn;
  readonly receiver: Receiver;
  readonly sender: Sender;

  constructor(
    scheduler: Scheduler,
    conn: Deno.Conn,
    owner: HalfOwner,
    limits: Limits,
  ) {
    this.conn = conn;
    // The dispatcher keeps the process alive while it is driven; a socket alone must not.
    if ("unref" in conn) (conn as Deno.TcpConn).unref();
    if ("setNoDelay" in conn) tryNoDelay(conn as Deno.TcpConn);
    const stream = conn as ByteStream;
    this.receiver = new Receiver(scheduler, stream, owner, limits);
    this.sender = new Sender(scheduler, stream, owner);
  }

  /** Closes the connection when all that was sent is written. Resolves, or fails, when it is closed. */
  close(): Promise<void> {
    const why = "the socket is closed";
    this.receiver.close(why);
    this.sender.close(why);
    if (!this.sender.isDrained) {
      return this.sender.drain().finally(() => this.#release());
    }
    this.#release();
    return Promise.resolve();
  }

  #release(): void {
    try {
      this.conn.close();
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
    await this.conn.closeWrite().catch((error) => {
      // The peer was faster.
      if (!(error instanceof Deno.errors.NotConnected)) throw error;
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

/** Without it, the second of two small writes would wait 40 ms for the peer's acknowledgement of the first. */
function tryNoDelay(conn: Deno.TcpConn): void {
  try {
    conn.setNoDelay(true);
  } catch {
    // The peer has gone already: the first receive or send tells.
  }
}

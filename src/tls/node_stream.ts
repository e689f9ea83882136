/**
 * The inside of a connection whose TLS is done by `node:tls`, as a byte stream.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import type { DuplexBridge } from "../readiness/duplex_bridge.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { inTime } from "./accepted_handshake.ts";

/** A read that waits. */
interface Pending {
  into: Uint8Array;
  resolve(count: number | null): void;
  reject(error: unknown): void;
}

/** Reads and writes through the engine; at most one of each at a time. */
export class TlsStream implements ByteStream {
  readonly #engine: TLSSocket;
  readonly #bridge: DuplexBridge;
  readonly #below: ByteStream;
  #pending?: Pending = undefined;
  #ended = false;
  #endedBelow = false;
  /** Why nothing can be read any more, once the engine has no bytes left. */
  #failure: unknown = undefined;
  /** Why nothing can be written any more. */
  #writeFailure: unknown = undefined;
  /** Ends the write that is under way. The engine itself says nothing of one that can't go on. */
  #rejectWrite?: (error: unknown) => void = undefined;
  #closed?: Promise<void> = undefined;
  /** Whether the server's tickets may lie unread below. They come before all else that it sends. */
  #mayHaveTickets: boolean;
  /** Called when the stream below has come to its end. */
  #onended: () => void = () => {};

  /**
   * @param below what `bridge` reads from; closed together with this one
   * @param isClient whether the peer is the TLS server
   */
  constructor(
    engine: TLSSocket,
    bridge: DuplexBridge,
    below: ByteStream,
    isClient = false,
  ) {
    this.#mayHaveTickets = isClient;
    this.#engine = engine;
    this.#bridge = bridge;
    this.#below = below;
    bridge.demanded = false;
    bridge.onend = () => {
      this.#endedBelow = true;
      this.#onended();
    };
    bridge.onfailure = (error, during) => {
      this.#onended();
      if (during === "read") this.#fail(error);
      else this.#failWrite(error);
    };
    engine.on("readable", () => this.#serve());
    engine.on("end", () => this.#end());
    engine.on("error", (error: Error) => this.#fail(error));
    engine.on(
      "close",
      () => this.#fail(new Deno.errors.BadResource("the engine is closed")),
    );
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#pending = { into, resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const count = Math.min(this.#engine.readableLength, pending.into.length);
    // Without anything to read, this lets the engine find the end of the stream.
    const bytes = this.#engine.read(count) as Uint8Array | null;
    if (bytes !== null && bytes.length > 0) {
      pending.into.set(bytes);
      this.#mayHaveTickets = false;
      return this.#settle()?.resolve(bytes.length);
    }
    if (this.#ended) return this.#settle()?.resolve(null);
    if (this.#failure !== undefined) {
      return this.#settle()?.reject(this.#failure);
    }
    this.#bridge.demanded = true;
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#bridge.demanded = false;
    return pending;
  }

  /** To the engine a stream that was cut looks like one that was closed: it is cut when the connection ended first. */
  #end(): void {
    if (this.#endedBelow) {
      // The peer may still read.
      return this.#failRead(
        new Deno.errors.UnexpectedEof("the peer sent no close_notify"),
      );
    }
    this.#ended = true;
    this.#serve();
  }

  #fail(error: unknown): void {
    this.#failWrite(error);
    this.#failRead(error);
  }

  #failRead(error: unknown): void {
    this.#failure ??= error;
    this.#serve();
  }

  #failWrite(error: unknown): void {
    this.#writeFailure ??= error;
    this.#rejectWrite?.(this.#writeFailure);
    this.#rejectWrite = undefined;
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#writeFailure !== undefined) return reject(this.#writeFailure);
      this.#rejectWrite = reject;
      this.#engine.write(data, (error) => {
        if (error) return this.#failWrite(error);
        this.#rejectWrite = undefined;
        resolve(data.length);
      });
    });
  }

  /** Sends close_notify, and the end of the stream below. */
  async closeWrite(): Promise<void> {
    await this.#endEngine();
    await this.#below.closeWrite();
  }

  /** Sends close_notify, unless the peer does not read, and closes the connection. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const reason = this.#endReads();
    try {
      const isGone = this.#writeFailure !== undefined;
      if (!isGone && !this.#engine.destroyed) {
        await inTime(this.#sayFarewell());
      }
    } finally {
      this.#release(reason);
    }
  }

  /** Closes the connection without close_notify: the peer can tell that the stream was cut. */
  abort(): void {
    if (this.#closed !== undefined) return;
    this.#closed = Promise.resolve();
    this.#release(this.#endReads());
  }

  #endReads(): Error {
    const reason = new Deno.errors.Interrupted("operation canceled");
    this.#failure ??= reason;
    this.#settle()?.reject(reason);
    return reason;
  }

  #release(reason: Error): void {
    this.#failWrite(reason);
    this.#engine.destroy();
    this.#bridge.destroy();
    this.#below.close();
  }

  async #sayFarewell(): Promise<void> {
    await this.#endEngine();
    if (!this.#mayHaveTickets || this.#ended || this.#endedBelow) return;
    // A server of TLS 1.3 has sent tickets. Bytes that were not read make a
    // reset of a close, and the peer loses what it has not read yet.
    await this.#below.closeWrite();
    const end = new Promise<void>((resolve) => this.#onended = resolve);
    this.#bridge.demanded = true;
    this.#engine.resume();
    await end;
  }

  /** Resolves when close_notify is on its way, or can't be. */
  #endEngine(): Promise<void> {
    return new Promise((resolve) => {
      this.#engine.once("close", () => resolve());
      this.#engine.end(() => resolve());
    });
  }
}

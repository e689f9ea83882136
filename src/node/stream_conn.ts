/**
 * A stream of `node:stream` as a connection of Deno's.
 *
 * @module
 */

import type { Duplex } from "node:stream";

/** What a duplex may tell of its ends. */
interface Located {
  localAddress?: string;
  localPort?: number;
  remoteAddress?: string;
  remotePort?: number;
}

/**
 * Reads only when it is asked to, so that a writer on the other side is made to
 * wait; and a write is over when the stream has passed the bytes on.
 */
export class StreamConn implements Omit<Deno.Conn, "readable" | "writable"> {
  readonly #duplex: Duplex;
  /** What is left of a chunk that was larger than the room for it. */
  #rest?: Uint8Array;
  #isEnded = false;
  #failure?: Error;
  #isClosed = false;
  /** Wakes the read or the end of a write that waits. */
  #wake?: () => void;
  #gone = Promise.withResolvers<never>();

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    this.#gone.promise.catch(() => {});
    const wake = () => this.#wake?.();
    duplex.on("readable", wake);
    duplex.on("end", () => {
      this.#isEnded = true;
      wake();
    });
    duplex.on("error", (error) => {
      this.#failure ??= error;
    });
    duplex.on("close", () => {
      this.#failure ??= this.#isEnded ? undefined : cut();
      this.#gone.reject(this.#failure ?? closed());
      this.#isEnded = true;
      wake();
    });
  }

  /** A socket that is still connecting does not know it yet. */
  get localAddr(): Deno.Addr {
    const { localAddress, localPort } = this.#duplex as Located;
    return addr(localAddress, localPort);
  }

  get remoteAddr(): Deno.Addr {
    const { remoteAddress, remotePort } = this.#duplex as Located;
    return addr(remoteAddress, remotePort);
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#isClosed) throw closed();
      const chunk = this.#rest ?? this.#duplex.read() as Uint8Array | null;
      if (chunk !== null) {
        const count = Math.min(chunk.length, into.length);
        into.set(chunk.subarray(0, count));
        this.#rest = count < chunk.length ? chunk.subarray(count) : undefined;
        return count;
      }
      if (this.#duplex.readableEnded) return null;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isEnded || this.#duplex.destroyed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#isClosed) throw closed();
    if (this.#duplex.writableEnded || this.#duplex.destroyed) {
      throw new Deno.errors.BrokenPipe("the stream takes nothing more");
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The caller uses its memory again; the stream may keep what it got.
    this.#duplex.write(
      bytes.slice(),
      (error) => error ? reject(error) : resolve(),
    );
    await Promise.race([promise, this.#gone.promise]);
    return bytes.length;
  }

  async closeWrite(): Promise<void> {
    if (this.#duplex.writableEnded || this.#duplex.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#duplex.end(resolve);
    await Promise.race([promise, this.#gone.promise.catch(() => {})]);
  }

  close(): void {
    if (this.#isClosed) throw new Deno.errors.BadResource("Bad resource ID");
    this.#isClosed = true;
    this.#wake?.();
    const duplex = this.#duplex;
    if (duplex.destroyed) return;
    duplex.resume();
    // All that was written has been passed on, but the stream may have an end to tell.
    if (duplex.writableFinished) duplex.destroy();
    else duplex.end(() => duplex.destroy());
  }

  /** Closes at once. */
  abort(): void {
    this.#isClosed = true;
    this.#wake?.();
    this.#duplex.destroy();
  }

  ref(): void {}
  unref(): void {}

  [Symbol.dispose](): void {
    if (!this.#isClosed) this.close();
  }
}

function closed(): Error {
  return new Deno.errors.BadResource("the stream is closed");
}

function cut(): Error {
  return new Deno.errors.UnexpectedEof("the stream was destroyed");
}

/** A stream that is no connection has no address: it is like a Unix socket without a name. */
function addr(address?: string, port?: number): Deno.Addr {
  return address === undefined || port === undefined
    ? { transport: "unix", path: "" }
    : { transport: "tcp", hostname: address, port };
}

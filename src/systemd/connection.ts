/**
 * A connection of `node:net` as Deno has them: what was accepted on a socket that
 * systemd has handed over. Deno's own can't listen on a descriptor.
 *
 * @module
 */

import type { Socket } from "node:net";

/** Node's codes for what Deno has classes for. */
const CLASSES: Record<string, new (message: string) => Error> = {
  ECONNRESET: Deno.errors.ConnectionReset,
  ECONNABORTED: Deno.errors.ConnectionAborted,
  EPIPE: Deno.errors.BrokenPipe,
  ENOTCONN: Deno.errors.NotConnected,
};

interface PendingRead {
  into: Uint8Array;
  resolve(count: number | null): void;
  reject(error: unknown): void;
}

/** A connection that reads on demand: bytes that are not read stay with the system. */
export class NodeConnection implements Deno.Conn {
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  readonly #socket: Socket;
  #pending?: PendingRead = undefined;
  #isReading = false;
  #ended = false;
  #failure: unknown = undefined;

  /** @param socket paused since it was accepted */
  constructor(socket: Socket) {
    this.#socket = socket;
    // They are not known any more when the peer has gone.
    this.localAddr = addrOf(socket.localAddress, socket.localPort);
    this.remoteAddr = addrOf(socket.remoteAddress, socket.remotePort);
    socket.on("error", (error) => this.#fail(translated(error)));
    socket.on("close", () => this.#fail(closed()));
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#pending !== undefined) {
      return Promise.reject(new Deno.errors.Busy("a read is under way"));
    }
    return new Promise((resolve, reject) => {
      this.#pending = { into, resolve, reject };
      if (!this.#isReading) this.#begin();
      this.#serve();
    });
  }

  #begin(): void {
    this.#isReading = true;
    const socket = this.#socket;
    socket.on("readable", () => this.#serve());
    socket.on("end", () => {
      this.#ended = true;
      this.#serve();
    });
  }

  #serve(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const socket = this.#socket;
    const count = Math.min(socket.readableLength, pending.into.length);
    // Without anything to read, this lets node find the end of the stream.
    const bytes = socket.read(count) as Uint8Array | null;
    if (bytes !== null && bytes.length > 0) {
      pending.into.set(bytes);
      this.#settle()!.resolve(bytes.length);
    } else if (this.#ended) this.#settle()!.resolve(null);
    else if (this.#failure !== undefined) {
      this.#settle()!.reject(this.#failure);
    }
  }

  #settle(): PendingRead | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#serve();
  }

  write(data: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => {
        if (error) reject(translated(error));
        else resolve(data.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const failed = () => reject(this.#failure ?? closed());
      this.#socket.once("close", failed);
      this.#socket.end(() => {
        this.#socket.off("close", failed);
        resolve();
      });
    });
  }

  close(): void {
    this.#failure ??= new Deno.errors.Interrupted("operation canceled");
    this.#settle()?.reject(this.#failure);
    this.#socket.destroy();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  setNoDelay(enable = true): void {
    this.#socket.setNoDelay(enable);
  }

  setKeepAlive(enable = true): void {
    this.#socket.setKeepAlive(enable);
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    throw noStreams();
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    throw noStreams();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** An address as Deno has it; node tells none of a Unix socket. */
export function addrOf(hostname?: string, port?: number): Deno.Addr {
  return hostname === undefined || port === undefined
    ? { transport: "unix", path: "" }
    : { transport: "tcp", hostname, port };
}

function translated(error: Error): Error {
  const type = CLASSES[(error as { code?: string }).code ?? ""];
  return type === undefined ? error : new type(error.message);
}

function closed(): Error {
  return new Deno.errors.BadResource("the connection is closed");
}

function noStreams(): Error {
  return new Deno.errors.NotSupported(
    "a connection on a socket of systemd's has no web streams of Deno's; take those of its Copas socket: copas.wrap(conn).readable",
  );
}

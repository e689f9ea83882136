/**
 * A stream socket that passes for one of `node:net`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { wrongType } from "../errors/arguments.ts";
import { abandon, type Done, SocketDuplex } from "../requests/socket_duplex.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamEndpoint } from "../socket/stream_endpoint.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { TlsSession } from "../tls/session.ts";
import { isTls } from "../tls/secure.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { ChunkRequest } from "./chunk_request.ts";
import { nodeError } from "./node_error.ts";
import { InactivityTimer } from "./inactivity.ts";
import { type NodeCertificate, nodeCertificate } from "./certificate.ts";

/** How a duplex is made. */
export interface DuplexOptions {
  /** Whether this side may go on sending when the peer has ended. Default: `false`, as in `node:net`: the stream then ends by itself. */
  allowHalfOpen?: boolean;
}

/** Where one end of a connection is, as `node:net` has it. */
interface NodeAddress {
  address: string;
  port: number;
  family: "IPv4" | "IPv6";
}

/** The duplex: what `node:net` and `node:tls` have besides a stream. */
export class NetDuplex extends SocketDuplex {
  /** As of a socket that is connected. */
  readonly connecting = false;
  readonly pending = false;
  readonly autoSelectFamilyAttemptedAddresses: string[] = [];
  /** Milliseconds of `setTimeout`; 0: none. */
  timeout = 0;
  #isConnectTold = false;
  readonly #skt: StreamSocket;
  readonly #endpoint: StreamEndpoint;
  readonly #local?: NodeAddress;
  readonly #remote?: NodeAddress;
  readonly #session?: TlsSession;
  readonly #inactivity: InactivityTimer;

  constructor(socket: StreamSocket, { allowHalfOpen = false }: DuplexOptions) {
    super(socket, { allowHalfOpen, decodeStrings: false });
    this.#skt = socket;
    const endpoint = this.#endpoint = endpointOf(socket);
    // They stay known when the connection is gone, for the library's log.
    this.#local = addressOf(socket.getsockname());
    this.#remote = addressOf(socket.getpeername());
    this.#session = endpoint.connected("duplex()").session;
    this.#inactivity = new InactivityTimer(endpoint.scheduler, () => {
      this.inThread(() => this.emit("timeout"));
    });
    // A stream that is not read would never hear of it, and its connection's
    // thread never end: a receive tells why.
    endpoint.onclosing = () => queueMicrotask(() => this.#hearClosed());
  }

  #hearClosed(): void {
    if (this.destroyed) return;
    this.run(async () => void await this.receiveChunk());
  }

  // --- Reading and writing -----------------------------------------------------

  protected override receive(): Promise<
    Uint8Array<ArrayBuffer> | null | undefined
  > {
    return this.receiveChunk();
  }

  /** Receives what there is. */
  protected receiveChunk(
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const { receiver } = this.#endpoint.connected("receivepartial()");
    return receiver.ask("receivepartial()", makeChunkRequest, options);
  }

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    if (this.timeout > 0) this.#inactivity.touch();
    try {
      return super.push(chunk, encoding);
    } catch (error) {
      // A listener has thrown. The stream ends with it, and libraries take that
      // for the peer's doing: the thread's error handler hears of the bug.
      this.inThread(() => void Promise.reject(error));
      throw error;
    }
  }

  protected override fail(error: Error): void {
    super.fail(nodeError(error, "read"));
  }

  override _write(
    chunk: string | Uint8Array,
    encoding: BufferEncoding,
    done: Done,
  ): void {
    if (this.timeout > 0) this.#inactivity.touch();
    this.inThread(() => this.#skt.send(bytesOf(chunk, encoding))).then(
      () => done(),
      (error) => this.#writeFailed(error, done),
    );
  }

  override _writev(
    chunks: { chunk: string | Uint8Array; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    if (this.timeout > 0) this.#inactivity.touch();
    // What is small goes out in one write, as all that is sent in a turn does.
    this.inThread(async () => {
      for (const { chunk, encoding } of chunks) {
        await this.#skt.send(bytesOf(chunk, encoding));
      }
    }).then(() => done(), (error) => this.#writeFailed(error, done));
  }

  #writeFailed(error: Error, done: Done): void {
    const failure = nodeError(error, "write");
    if (!this.destroyed) this.failure ??= failure;
    done(failure);
  }

  /** The end of what is sent: the peer is told. Where it has ended itself, by the close that follows. */
  override _final(done: Done): void {
    if (this.readableEnded) return done();
    this.inThread(() => this.#skt.shutdown("send")).then(
      () => done(),
      (error) => this.#writeFailed(error, done),
    );
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#inactivity.stop();
    // An error is the library's to hear. Where it has no listener any more, the
    // peer that caused it must not be able to end the process.
    this.on("error", () => {});
    const socket = this.#skt;
    if (error === null && this.writableLength === 0) {
      this.inThread(() => void socket.close().catch(() => {}));
    } else this.inThread(() => abandon(socket));
    done(error);
  }

  // --- Ending ----------------------------------------------------------------------

  /** Ends when all is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** Ends at once, with a reset where the platform can. */
  resetAndDestroy(): this {
    this.#skt.abort();
    return this.destroy();
  }

  // --- What holds for the connection --------------------------------------------------

  override setTimeout(milliseconds = 0, callback?: () => void): this {
    if (typeof milliseconds !== "number" || !(milliseconds >= 0)) {
      const expected = "a number of milliseconds, 0 or more";
      throw wrongType("setTimeout()", "the timeout", expected, milliseconds);
    }
    this.timeout = milliseconds;
    if (!this.destroyed) this.#inactivity.set(milliseconds / 1000);
    if (callback === undefined) return this;
    return milliseconds === 0
      ? this.off("timeout", callback)
      : this.once("timeout", callback);
  }

  setNoDelay(noDelay = true): this {
    return this.#option("tcp-nodelay", noDelay);
  }

  /** The time until the first probe is the system's. */
  setKeepAlive(enable = false, _milliseconds?: number): this {
    return this.#option("keepalive", enable);
  }

  #option(name: "tcp-nodelay" | "keepalive", value: boolean): this {
    try {
      this.#skt.setoption(name, Boolean(value));
    } catch {
      // As in `node:net`: it is a wish. TLS and Unix sockets have no such option, nor has a socket that is closed.
    }
    return this;
  }

  ref(): this {
    return this.#setIdle(false);
  }

  unref(): this {
    return this.#setIdle(true);
  }

  #setIdle(idle: boolean): this {
    this.#endpoint.connection?.receiver.setIdle(idle);
    return this;
  }

  /** Libraries that connect what they are given call it first, and go on when they are told: it is connected already. */
  connect(...args: unknown[]): this {
    if (this.#isConnectTold) {
      throw new TypeError(
        "connect(): the duplex is connected already, and can't be connected again; make another one of another socket",
      );
    }
    this.#isConnectTold = true;
    const callback = args.at(-1);
    if (typeof callback === "function") {
      this.once("connect", callback as () => void);
    }
    queueMicrotask(() => {
      if (!this.destroyed) this.emit("connect");
    });
    return this;
  }

  // --- About the connection ------------------------------------------------------------

  get bytesRead(): number {
    return this.#skt.getstats()[0];
  }

  get bytesWritten(): number {
    return this.#skt.getstats()[1];
  }

  get bufferSize(): number {
    return this.writableLength;
  }

  get readyState(): "open" | "readOnly" | "writeOnly" | "closed" {
    const { readable, writable } = this;
    if (readable && writable) return "open";
    return readable ? "readOnly" : writable ? "writeOnly" : "closed";
  }

  address(): NodeAddress | Record<string, never> {
    return this.#local ?? {};
  }

  get localAddress(): string | undefined {
    return this.#local?.address;
  }
  get localPort(): number | undefined {
    return this.#local?.port;
  }
  get localFamily(): string | undefined {
    return this.#local?.family;
  }
  get remoteAddress(): string | undefined {
    return this.#remote?.address;
  }
  get remotePort(): number | undefined {
    return this.#remote?.port;
  }
  get remoteFamily(): string | undefined {
    return this.#remote?.family;
  }

  // --- About TLS -------------------------------------------------------------------------

  get encrypted(): boolean {
    return this.#session !== undefined;
  }

  /** Only certificates that were verified are known. Deno's own TLS shows none; as a client it has verified the server, or there was no connection. */
  get authorized(): boolean {
    const session = this.#session;
    if (session === undefined) return false;
    return session.peercertificate !== null ||
      (isTls(session.conn) && this.#endpoint.options.accepted !== true);
  }

  get authorizationError(): string | null {
    return this.authorized || !this.encrypted
      ? null
      : "UNABLE_TO_GET_ISSUER_CERT";
  }

  get alpnProtocol(): string | false | null {
    return this.#session === undefined ? null : this.#session.alpn ?? false;
  }

  get servername(): string | false | null {
    return this.#session === undefined
      ? null
      : this.#session.servername ?? false;
  }

  /** Deno does not tell. */
  getProtocol(): null {
    return null;
  }

  /** A certificate that was verified; `{}` where there is none. */
  getPeerCertificate(): NodeCertificate | Record<string, never> {
    const certificate = this.#session?.peercertificate;
    return certificate ? nodeCertificate(certificate) : {};
  }
}

/** It keeps nothing: one is enough for all. */
const chunkRequest = new ChunkRequest();
const makeChunkRequest = () => chunkRequest;

// deno-lint-ignore no-control-regex
const BEYOND_ASCII = /[^\x00-\x7f]/;

/** Text that the socket can write as it is stays text: it is UTF-8, or the same in both. Deno's `Buffer.from` goes byte by byte. */
function bytesOf(
  chunk: string | Uint8Array,
  encoding: BufferEncoding,
): string | Uint8Array {
  if (typeof chunk !== "string") return chunk;
  if (encoding === "utf8" || encoding === "utf-8") return chunk;
  const isText = (encoding === "latin1" || encoding === "ascii") &&
    !BEYOND_ASCII.test(chunk);
  return isText ? chunk : Buffer.from(chunk, encoding);
}

/** A Unix socket has no address of this kind. */
function addressOf(
  [address, port, family]: [string, number, string],
): NodeAddress | undefined {
  if (family === "unix") return undefined;
  return { address, port, family: family === "inet6" ? "IPv6" : "IPv4" };
}

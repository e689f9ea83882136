/**
 * The two kinds of FTP connections, as basic-ftp wants its sockets to be.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { ClosedError, TooLongError } from "../errors/errors.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { type Done, SocketDuplex } from "../requests/socket_duplex.ts";

/** What basic-ftp asks of a socket besides being a stream. */
export class FtpDuplex extends SocketDuplex {
  remoteAddress?: string;
  remotePort?: number;
  readonly remoteFamily?: string;
  bytesRead = 0;
  bytesWritten = 0;

  /** The socket's own options are the dispatcher's. */
  setKeepAlive(): this {
    return this;
  }

  /** Notes where the socket is connected to. */
  protected locate(): void {
    [this.remoteAddress, this.remotePort] = this.socket!.getpeername();
  }
}

/** What one line of a reply may take. */
const MAX_LINE = 8192;

/**
 * The control connection. It is connected, and secured where it has to be,
 * before the library gets it.
 *
 * The library takes the beginning of a line for all of it, so it only gets whole
 * lines. A greeting `120` ("ready in some minutes") is followed by the real one,
 * and the library takes it for a refusal, so it does not get that.
 */
export class ControlDuplex extends FtpDuplex {
  readonly #greeting: string;
  #isGreeted = false;
  /** What has come of a line. */
  #rest: Buffer = Buffer.alloc(0);

  /** @param greeting what the server has said already */
  constructor(socket: StreamSocket, greeting: string) {
    super(socket);
    this.#greeting = greeting;
    this.locate();
  }

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    if (chunk === null) return super.push(null, encoding);
    const all = Buffer.concat([this.#rest, chunk]);
    const end = all.lastIndexOf("\n") + 1;
    this.#rest = all.subarray(end);
    if (this.#rest.length > MAX_LINE) {
      this.fail(
        new TooLongError(`a reply has a line of more than ${MAX_LINE} bytes`),
      );
      return false;
    }
    return super.push(this.#withoutDelay(all.subarray(0, end)), encoding);
  }

  /** The lines that come before the greeting are dropped. */
  #withoutDelay(lines: Buffer): Buffer {
    while (!this.#isGreeted && lines.length > 0) {
      if (/^120[ -]/.test(lines.toString("latin1", 0, 4))) {
        lines = lines.subarray(lines.indexOf("\n") + 1);
      } else this.#isGreeted = true;
    }
    return lines;
  }

  connect(_target: unknown, connected: () => void): this {
    if (this.#greeting !== "") this.push(Buffer.from(this.#greeting));
    connected();
    return this;
  }
}

/** How a data connection is made. */
export interface DataOptions {
  /** Makes its socket. */
  socket(): StreamSocket;
  /** How TLS is done, where the control connection has it. */
  sslparams?: SslParams | SslParamsSource;
  signal?: AbortSignal;
  /** It is the turn of the data connection: the server is silent on the other one. */
  onbegin(): void;
  /** The data have come or gone. */
  onend(): void;
  /** It failed. */
  onfail(error: Error): void;
}

/** A data connection. */
export class DataDuplex extends FtpDuplex {
  readonly #options: DataOptions;
  #begun = false;
  /** Whether all data have been sent. */
  #isSent = false;

  constructor(options: DataOptions) {
    super();
    this.#options = options;
  }

  connect(target: { host: string; port: number }, connected: () => void): this {
    const { signal, sslparams } = this.#options;
    this.run(async () => {
      const socket = this.socket = this.#options.socket();
      const { host, port } = target;
      const isPeersPort = true;
      await endpointOf(socket).connect(host, port, { signal }, { isPeersPort });
      this.locate();
      if (sslparams !== undefined) {
        // Servers shake hands only when the transfer has been asked for, which
        // happens after this. So it must not be waited for here. Where it fails
        // before, the server's reply tells why: it has refused the transfer.
        this.ready = socket.dohandshake(sslparams, { signal });
        this.ready.catch((error) => this.#options.onfail(error as Error));
      }
      connected();
    });
    return this;
  }

  override _read(): void {
    this.#begin();
    super._read();
  }

  override _write(chunk: Uint8Array, encoding: string, done: Done): void {
    this.#begin();
    super._write(chunk, encoding, done);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#options.onbegin();
    this.once("end", () => this.#options.onend());
  }

  /** The end of the data is the end of the connection. */
  override _final(done: Done): void {
    this.run(async () => {
      if (this.ready !== undefined) await this.ready;
      await this.socket!.flush();
      await this.socket!.shutdown("send");
      this.#isSent = true;
      // Takes what TLS has to say, and the server's own end. Bytes that stay
      // unread would make of the close a reset, which can cost the server data.
      this.resume();
      this.#options.onend();
      done();
    });
  }

  protected override fail(error: Error): void {
    if (!this.destroyed) this.#options.onfail(error);
    // A server that refuses the data may reset the connection before its reply
    // comes, which says why: it is waited for.
    if (this.#isSent && error instanceof ClosedError) this.push(null);
    else super.fail(error);
  }
}

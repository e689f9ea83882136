/**
 * A connection inside TLS that passes for a plain one, so that TLS with another
 * peer can be done over it: an https server behind an https proxy.
 *
 * @module
 */

import type { SslParams, SslParamsSource } from "./params.ts";
import { secure } from "./secure.ts";
import { tlsSettings } from "./settings.ts";

/** What is written to it goes through TLS. In contrast to a `Deno.TlsConn`, it can be secured once more. */
export class TlsLayer implements Deno.Conn {
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  get localAddr(): Deno.Addr {
    return this.#conn.localAddr;
  }

  get remoteAddr(): Deno.Addr {
    return this.#conn.remoteAddr;
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#conn.readable;
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    return this.#conn.writable;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#conn.read(into);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
  }

  ref(): void {
    this.#conn.ref();
  }

  unref(): void {
    this.#conn.unref();
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/**
 * Does the handshake with a server to which other TLS is to be tunnelled. When
 * it fails, the connection is closed.
 *
 * @param sslparams without a certificate of the client's: Deno's own TLS has to do it
 * @param host the name that the server must prove
 * @param signal gives up, with its reason
 */
export async function layeredTls(
  conn: Deno.Conn,
  sslparams: SslParams | SslParamsSource,
  host: string,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  let settings;
  try {
    settings = await tlsSettings("sslparams", sslparams, "client");
  } catch (error) {
    conn.close();
    throw error;
  }
  return new TlsLayer((await secure(conn, settings, host, signal)).conn);
}

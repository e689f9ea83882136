/**
 * What the sources need of a connection: the part of `Deno.Conn` that they use.
 * Tests put scripted fakes in its place.
 *
 * @module
 */

/** A connection that carries bytes both ways. */
export interface ByteStream {
  /** Reads once into `into`; resolves to the number of bytes, or `null` at the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes once; resolves to the number of bytes written, which may be fewer. */
  write(data: Uint8Array): Promise<number>;
  /** Says that nothing more will be written. */
  closeWrite(): Promise<void>;
  /** Closes both ways; a promise where that takes time. */
  close(): void | Promise<void>;
  /** Closes both ways at once, without telling the peer, where that is something else than `close`. */
  abort?(): void;
}

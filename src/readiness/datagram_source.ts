/**
 * A datagram socket as a source: at most one receive under way (Deno serves two
 * in the wrong order), and one datagram kept until it is taken.
 *
 * @module
 */

import type { Ready, Selector } from "./selector.ts";
import { Source } from "./source.ts";

/** The part of `Deno.DatagramConn` that the source uses. */
export interface DatagramStream<A> {
  /** Receives one datagram into `into`; resolves to the part that was filled, and the sender's address. */
  receive(into: Uint8Array): Promise<[Uint8Array, A]>;
}

/** The longest datagram that UDP can carry fits. */
const LONGEST = 64 * 1024;

/** Receives when the owner wants a datagram. */
export class DatagramSource<A> extends Source<[Uint8Array, A]> {
  readonly #stream: DatagramStream<A>;
  #buffer?: Uint8Array = undefined;
  #datagram?: [Uint8Array, A] = undefined;

  /** `owner` is announced to `selector` whenever a receive has ended. */
  constructor(selector: Selector, stream: DatagramStream<A>, owner: Ready) {
    super(selector, stream, owner);
    this.#stream = stream;
  }

  /** A datagram that is there has to be taken first: the next one would overwrite it. */
  override get isExhausted(): boolean {
    return this.failure !== undefined || this.#datagram !== undefined;
  }

  /** The datagram that is there, if any: a view that is valid until the next `arm`. */
  take(): [Uint8Array, A] | undefined {
    const datagram = this.#datagram;
    this.#datagram = undefined;
    return datagram;
  }

  /** The owner could not use what it took: it is there again. */
  putBack(datagram: [Uint8Array, A]): void {
    this.#datagram = datagram;
  }

  protected operate(): Promise<[Uint8Array, A]> {
    return this.#stream.receive(this.#buffer ??= new Uint8Array(LONGEST));
  }

  protected completed(datagram: [Uint8Array, A]): void {
    if (this.closed) return;
    this.#datagram = datagram;
    this.announce();
  }
}

/**
 * A datagram socket as a source: at most one receive under way (Deno serves two
 * in the wrong order). It reads ahead: a burst of datagrams is taken as it comes,
 * up to a limit, and each is kept until it is taken.
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

/** How many datagrams are kept where the program sets no limit. */
export const RECEIVE_BUFFER = 64;

/** Receives from the moment when the owner wants a datagram, until as many are kept as may be. */
export class DatagramSource<A> extends Source<[Uint8Array, A]> {
  readonly #stream: DatagramStream<A>;
  #buffer?: Uint8Array = undefined;
  /** How many datagrams have come. */
  received = 0;
  readonly #most: number;
  readonly #kept: [Uint8Array<ArrayBuffer>, A][] = [];

  /**
   * `owner` is announced to `selector` whenever a receive has ended.
   *
   * @param most how many datagrams are kept
   */
  constructor(
    selector: Selector,
    stream: DatagramStream<A>,
    owner: Ready,
    most: number = RECEIVE_BUFFER,
  ) {
    super(selector, stream, owner);
    this.#stream = stream;
    this.#most = most;
  }

  /** When as many are kept as may be, the system keeps those that follow, or drops them. */
  protected override get isExhausted(): boolean {
    return this.failure !== undefined || this.#kept.length >= this.#most;
  }

  /** How many datagrams are kept. */
  get waiting(): number {
    return this.#kept.length;
  }

  /** The first datagram that is kept, if any. The bytes are the caller's. */
  take(): [Uint8Array<ArrayBuffer>, A] | undefined {
    return this.#kept.shift();
  }

  /** The owner could not use what it took: it is the first again. */
  putBack(datagram: [Uint8Array<ArrayBuffer>, A]): void {
    this.#kept.unshift(datagram);
  }

  protected operate(): Promise<[Uint8Array, A]> {
    return this.#stream.receive(this.#buffer ??= new Uint8Array(LONGEST));
  }

  protected completed([bytes, address]: [Uint8Array, A]): void {
    if (this.closed) return;
    this.received++;
    this.selector.bytesReceived += bytes.length;
    // The next receive uses the buffer again.
    this.#kept.push([bytes.slice(), address]);
    this.announce();
    this.arm();
  }
}

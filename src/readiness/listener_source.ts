/**
 * A listener as a source: accepts ahead of the server, one accept at a time.
 *
 * @module
 */

import type { Ready, Selector } from "./selector.ts";
import { Source } from "./source.ts";

/** What the source needs of a `Deno.Listener`. */
export interface Acceptor<C> {
  /** Resolves to the next connection. */
  accept(): Promise<C>;
}

/** How many connections may be accepted and not yet served. */
const AHEAD = 64;

/** Accepts connections and keeps them until the owner takes them. */
export class ListenerSource<C> extends Source<C> {
  readonly #acceptor: Acceptor<C>;
  readonly #wanted: () => number;
  #accepted: C[] = [];

  /**
   * `owner` is announced to `selector` when connections came, or accepting
   * failed. `wanted` says how many it could take: more are left to the system.
   */
  constructor(
    selector: Selector,
    acceptor: Acceptor<C>,
    owner: Ready,
    wanted: () => number = () => Infinity,
  ) {
    super(selector, acceptor, owner);
    this.#acceptor = acceptor;
    this.#wanted = wanted;
  }

  /** How many connections wait to be taken. */
  get accepted(): number {
    return this.#accepted.length;
  }

  /** The connection that came first, if there is one. */
  take(): C | undefined {
    return this.#accepted.shift();
  }

  protected operate(): Promise<C> {
    return this.#acceptor.accept();
  }

  /** A connection that comes after `close` is kept as well: the owner has to close it. */
  protected completed(connection: C): void {
    const accepted = this.#accepted.push(connection);
    if (accepted === 1) this.announce();
    const most = Math.min(AHEAD, this.#wanted());
    if (this.selector.driven && accepted < most) this.arm();
  }
}

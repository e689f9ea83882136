/**
 * Accepts connections from a listener for a server: as many as the server has
 * room for, again after every failure, until the listener is closed.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { DeadlineEntry } from "../collections/deadline_heap.ts";
import { isGone } from "../errors/platform.ts";
import { ListenerSource } from "../readiness/listener_source.ts";
import type { Ready } from "../readiness/selector.ts";

/** The first pause after a failed accept, and the longest, in seconds. */
const FIRST_PAUSE = 0.01;
const LONGEST_PAUSE = 1;

/** The server that the connections are accepted for. */
export interface ConnectionTaker {
  /** How many more connections it may serve now. */
  readonly vacant: number;
  /** Serves a connection. */
  take(conn: Deno.Conn): void;
  /** An accept failed for the first time since one succeeded; it is tried again. */
  acceptFailed(error: unknown): void;
  /** The listener was closed by other code than the server. */
  listenerClosed(): void;
}

/**
 * A listener that accepts before it is asked to, on a socket that lives on
 * without this process: a client whose connection it has must be served, for it
 * would have been served by the next process.
 */
export interface EagerListener {
  /** Closes it. The connections that it has accepted, or still brings, go to `take`. */
  closeInto(take: (conn: Deno.Conn) => void): void;
}

/** The accept loop of one listener. */
export class AcceptLoop implements Ready {
  readonly #scheduler: Scheduler;
  readonly #listener: Deno.Listener;
  readonly #server: ConnectionTaker;
  readonly #source: ListenerSource<Deno.Conn>;
  readonly #pause: AcceptPause;
  /** How many accepts have failed. */
  failures = 0;
  #nextPause = FIRST_PAUSE;
  #closed = false;

  constructor(
    scheduler: Scheduler,
    listener: Deno.Listener,
    server: ConnectionTaker,
  ) {
    this.#scheduler = scheduler;
    this.#listener = listener;
    this.#server = server;
    this.#source = new ListenerSource(
      scheduler.selector,
      listener,
      this,
      () => server.vacant,
    );
    this.#pause = new AcceptPause(this);
  }

  /** Whether the listener is closed: nothing is accepted any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Goes on accepting, as long as the server has room. */
  resume(): void {
    if (this.#source.accepted > 0) this.#scheduler.selector.ready(this);
    if (this.#server.vacant > 0) this.#source.arm();
  }

  /** Connections came, or accepting failed. */
  dispatch(): void {
    if (this.#closed) return this.#closeAccepted();
    while (this.#server.vacant > 0) {
      const conn = this.#source.take();
      if (conn === undefined) break;
      this.#nextPause = FIRST_PAUSE;
      this.#server.take(conn);
    }
    const { failure } = this.#source;
    if (failure !== undefined) this.#recover(failure);
    else if (this.#server.vacant > 0) this.#source.arm();
  }

  /**
   * Goes on after a failed accept. There are three cases: the listener is
   * closed, one connection was gone before it was accepted, or the system
   * accepts nothing now, most likely because no file descriptor is left. Then
   * other connections have to end first, so the next try waits.
   */
  #recover(error: unknown): void {
    this.#source.failure = undefined;
    if (error instanceof Deno.errors.BadResource) {
      return this.#server.listenerClosed();
    }
    if (isGone(error)) return this.#source.arm();
    this.failures++;
    if (this.#nextPause === FIRST_PAUSE) this.#server.acceptFailed(error);
    const { clock } = this.#scheduler;
    this.#scheduler.setDeadline(this.#pause, clock.now() + this.#nextPause);
    this.#nextPause = Math.min(this.#nextPause * 2, LONGEST_PAUSE);
  }

  /**
   * Does not try again after a failed accept. Deno can't take back an accept
   * that is under way: the connection that it brings is kept until the loop is
   * resumed or closed.
   */
  stop(): void {
    this.#scheduler.clearDeadline(this.#pause);
  }

  /** Closes the listener, and what it has accepted and the server has not taken. */
  close(): void {
    this.stop();
    this.#closed = true;
    this.#source.close();
    const { closeInto } = this.#listener as Partial<EagerListener>;
    if (closeInto !== undefined) {
      const take = (conn: Deno.Conn) => this.#server.take(conn);
      for (let conn; (conn = this.#source.take()) !== undefined;) take(conn);
      return closeInto.call(this.#listener, take);
    }
    this.#closeAccepted();
    try {
      this.#listener.close();
    } catch {
      // Other code had closed the listener before.
    }
  }

  #closeAccepted(): void {
    for (let conn; (conn = this.#source.take()) !== undefined;) conn.close();
  }
}

/** The end of the pause after a failed accept. */
class AcceptPause extends DeadlineEntry {
  readonly #loop: AcceptLoop;

  constructor(loop: AcceptLoop) {
    super();
    this.#loop = loop;
  }

  due(): void {
    this.#loop.resume();
  }
}

/**
 * The selector: the bridge between Deno's calls, which complete, and the
 * dispatcher, which asks what is ready.
 *
 * A source starts its operation with {@linkcode Selector.begin} and announces
 * the completion with {@linkcode Selector.ready}. The driver of the
 * dispatcher rests on {@linkcode Selector.rest} and then takes what is ready.
 *
 * @module
 */

import { LinkedList, type ListNode } from "../collections/linked_list.ts";

/** Something that can be ready: its `dispatch` serves the threads that wait for it. */
export interface Ready {
  /** Called once for each announcement, in the order of the announcements. */
  dispatch(): void;
}

/** Something that starts one operation of Deno's. */
export interface Starter {
  /** Starts the operation. Called at most once for each {@linkcode Selector.begin}. */
  start(): void;
}

/** Knows when the turn of the event loop ends. */
export interface Turns {
  /** Calls `item.atEndOfTurn` when what was sent in the turn has been written. */
  startAtEnd(item: { atEndOfTurn(): void }): void;
}

/** An operation under way that may keep the process alive. */
export interface KeepAlive {
  /** Does not keep the process alive any more. */
  letGo(): void;
}

const NOTHING: readonly never[] = [];

/** The queue of what is ready, and the one bell that wakes the driver. */
export class Selector {
  /** How many operations are under way. */
  outstanding = 0;
  /** How many streams still have bytes to write. Changed by `writeBegins` and `writeEnds`. */
  writing = 0;
  /** How many bytes have come, and how many the system has taken, over all streams and datagram sockets. */
  bytesReceived = 0;
  bytesSent = 0;
  readonly #turns?: Turns;
  readonly #onwritten: () => void;
  #ready: Ready[] = [];
  #deferred: Starter[] = [];
  #driven = false;
  #looping = false;
  readonly #held: LinkedList<KeepAlive> = new LinkedList();
  #bell?: () => void;

  /**
   * @param turns knows when a turn ends; without it, no operation waits for that
   * @param onwritten called when no stream has bytes to write any more; default: wakes the driver
   */
  constructor(turns?: Turns, onwritten: () => void = () => this.wake()) {
    this.#turns = turns;
    this.#onwritten = onwritten;
  }

  /** Announces that `item` can be dispatched. */
  ready(item: Ready): void {
    this.#ready.push(item);
    this.wake();
  }

  /** Starts an operation: now if the dispatcher is driven, else as soon as it is. */
  begin(starter: Starter): void {
    if (this.#driven) starter.start();
    else this.#deferred.push(starter);
  }

  /** The same, but not before the turn ends: what was sent in it goes out first. */
  beginAtTurnEnd(starter: Starter): void {
    if (!this.#driven || this.#turns === undefined) return this.begin(starter);
    if (this.#deferred.length === 0) this.#turns.startAtEnd(this);
    this.#deferred.push(starter);
  }

  /** The turn has ended. */
  atEndOfTurn(): void {
    if (this.#driven) this.#startDeferred();
  }

  /** Whether the dispatcher is driven. Setting it to `true` starts what was deferred. */
  get driven(): boolean {
    return this.#driven;
  }
  set driven(driven: boolean) {
    this.#driven = driven;
    if (driven) this.#startDeferred();
  }

  #startDeferred(): void {
    if (this.#deferred.length === 0) return;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const starter of deferred) starter.start();
  }

  /**
   * Whether `loop()` runs. It keeps the process alive, and so may the operations
   * while it runs: calling `unref` for each of them would cost 3 % of a message.
   * When the loop ends, the operations under way let the process go.
   */
  get looping(): boolean {
    return this.#looping;
  }
  set looping(looping: boolean) {
    this.#looping = looping;
    if (looping) return;
    for (const held of this.#held) held.letGo();
  }

  /** An operation of a resource has begun. */
  hold(item: ListNode<KeepAlive>): void {
    this.outstanding++;
    this.#held.append(item);
  }

  /** It has ended. */
  drop(item: ListNode<KeepAlive>): void {
    this.outstanding--;
    this.#held.remove(item);
  }

  /** A stream has bytes to write. */
  writeBegins(): void {
    this.writing++;
  }

  /** It has none any more. */
  writeEnds(): void {
    if (--this.writing === 0) this.#onwritten();
  }

  /** Whether nothing is ready. */
  get empty(): boolean {
    return this.#ready.length === 0;
  }

  /** Hands over what is ready and begins a new queue, so that nothing runs twice in a turn. */
  take(): readonly Ready[] {
    if (this.#ready.length === 0) return NOTHING;
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Ends the rest of the driver, if it rests. */
  wake(): void {
    const bell = this.#bell;
    if (bell === undefined) return;
    this.#bell = undefined;
    bell();
  }

  /**
   * Resolves at the next {@linkcode wake}.
   *
   * The completions of one turn of the event loop arrive in microtasks of the
   * same depth. The driver goes on one microtask after the first of them, that
   * is after all: one wake-up serves them together.
   */
  rest(): Promise<void> {
    return new Promise((resolve) => this.#bell = resolve);
  }
}

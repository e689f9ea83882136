/**
 * Which thread owns a lock, how often it has got it, and which thread gets it
 * next: when the owner releases it, or ends without having released it.
 *
 * @module
 */

import { EndHook } from "../core/end_hook.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { Waiters } from "./waiters.ts";

/** The owner of one lock, and the threads that wait to own it. */
export class LockOwnership {
  /** The thread that owns the lock, if one does. */
  owner?: Thread = undefined;
  /** The threads that wait, and the time at which each began. */
  readonly waiters: Waiters<number, number>;
  readonly #scheduler: Scheduler;
  readonly #name: string;
  readonly #hook: OwnerEndHook;
  /** How often the owner has got the lock and not released it. */
  #count = 0;

  constructor(scheduler: Scheduler, lock: { readonly name: string }) {
    this.#scheduler = scheduler;
    this.#name = lock.name;
    this.waiters = new Waiters(scheduler, lock, {
      messagePrefix: () => `Cannot get ${this.#name}`,
      timeoutReason: () => `${this.owner?.name} owns it`,
      revoked: ({ task }) => {
        if (this.owner === task) this.#release();
      },
    });
    this.#hook = new OwnerEndHook((owner) => this.#ownerEnded(owner));
  }

  /** Gives the lock, which is free or its own, to `thread`. */
  acquire(thread: Thread): void {
    if (this.#count++ > 0) return;
    this.owner = thread;
    this.#hook.assign(thread);
  }

  /**
   * Releases the lock once, for `thread`.
   *
   * @throws {Error} when another thread owns the lock, or none
   */
  release(thread: Thread): void {
    const { owner } = this;
    if (owner === thread) return this.#release();
    const state = owner === undefined
      ? "no thread owns it"
      : `${owner.name} owns it`;
    throw new Error(
      `Cannot release ${this.#name}: ${state}, not ${thread.name}; only the owner can`,
    );
  }

  #release(): void {
    if (--this.#count > 0) return;
    this.clear();
    if (this.waiters.first !== undefined) this.#grantNext();
  }

  /** Takes the lock back, however often its owner has got it. No other thread gets it. */
  clear(): void {
    this.#count = 0;
    this.#hook.lift();
    this.owner = undefined;
  }

  /** The lock is free: the thread that has waited longest owns it. */
  #grantNext(): void {
    const next = this.waiters.first;
    if (next === undefined) return;
    const { clock, main } = this.#scheduler;
    // What still runs of a thread that has ended counts as code outside every thread.
    this.acquire(next.task.done ? main : next.task);
    next.resolveLater(clock.now() - next.detail);
  }

  #ownerEnded(owner: Thread): void {
    this.clear();
    this.#grantNext();
    const message =
      `${this.#name}: ${owner.name} ended without release(); the lock was released`;
    this.#scheduler.report(new Error(message), owner, owner.socket);
  }
}

/** Watches for the end of the owner. */
class OwnerEndHook extends EndHook {
  readonly #ownerEnded: (owner: Thread) => void;

  constructor(ownerEnded: (owner: Thread) => void) {
    super();
    this.#ownerEnded = ownerEnded;
  }

  protected override neglected(owner: Thread): void {
    this.#ownerEnded(owner);
  }
}

/**
 * What has a lock, how often, and what gets it next: when it is released, or
 * when its owner ends without having released it.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { EndHook } from "../core/end_hook.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { type ToolWait, Waiters } from "./waiters.ts";

/**
 * What has a lock other than by `get()`, or waits for it: a call of `with()`, or
 * a token of `hold()`. The lock belongs to that call alone, whatever else its
 * thread does.
 */
export class Claim {
  /** How many calls have the lock by it: a `with()` within the callback of another one enters again. */
  uses = 0;

  /**
   * @param thread the thread that called, for messages
   * @param began when it called
   */
  constructor(readonly thread: Thread, readonly began: number) {}
}

/**
 * The claims in whose callbacks the caller runs, across every `await`. A list
 * of its own for each callback: one that pointed to the list outside of it
 * would keep them all, when each callback begins the next one.
 */
const claims = new AsyncLocalStorage<readonly Claim[]>();

/** Calls `fn` as the callback of a `with()` that has its lock by `claim`. */
export function runWithin<T>(claim: Claim, fn: () => T): T {
  const outer = claims.getStore()?.filter(({ uses }) => uses > 0) ?? [];
  return claims.run([...outer, claim], fn);
}

/**
 * Whether the current call belongs to the callback of a `with()` that has its
 * lock by `claim`. A thread that the callback started does not, though it
 * inherits the callback's context: it is another caller.
 */
export function isWithin(claim: Claim, scheduler: Scheduler): boolean {
  if (!claims.getStore()?.includes(claim)) return false;
  const { current } = scheduler;
  const { thread } = claim;
  // What still runs of a thread that has ended counts as code outside every thread.
  return current === thread || (thread.done && current === scheduler.main);
}

/** When a `get()` began to wait, or the claim of a `with()` or `hold()` that waits. */
type Applicant = number | Claim;

/**
 * The owner of one lock, and the calls that wait for it.
 *
 * A lock is had in two ways. By `get()`, as in Copas, a thread has it, and so
 * has all that runs in the thread. By a claim, one call has it. Both at once
 * only where one is within the other; the lock is free when both are over.
 */
export class LockOwnership {
  /** The thread that owns the lock, or whose call does, if there is one. */
  owner?: Thread = undefined;
  /** The calls that wait. */
  readonly waiters: Waiters<number, Applicant>;
  readonly #scheduler: Scheduler;
  readonly #name: string;
  readonly #hook: OwnerEndHook;
  /** How often the owner has got the lock by `get()` and not released it. */
  #count = 0;
  /** The call that has the lock, if one does. */
  #claim?: Claim = undefined;
  /** The call that was given the lock last: it may not know yet. */
  #granted?: ToolWait<number, Applicant> = undefined;

  constructor(scheduler: Scheduler, lock: { readonly name: string }) {
    this.#scheduler = scheduler;
    this.#name = lock.name;
    this.waiters = new Waiters(scheduler, lock, {
      messagePrefix: () => `Cannot get ${this.#name}`,
      timeoutReason: () => `${this.owner?.name} owns it`,
      revoked: (wait) => this.#revoked(wait),
    });
    this.#hook = new OwnerEndHook((owner) => this.#ownerEnded(owner));
  }

  // --- By get() -----------------------------------------------------------------

  /** Whether `get()` of the current call enters again. */
  admitsGet(thread: Thread): boolean {
    return (this.#count > 0 && this.owner === thread) || this.#isCallWithin;
  }

  /** Gives the lock, which is free or admits it, to `thread`. */
  acquire(thread: Thread): void {
    if (this.#count++ > 0) return;
    this.owner = thread;
    this.#hook.assign(thread);
  }

  /**
   * Takes back what one `get()` of `thread` has got.
   *
   * @throws {Error} when the thread has not got it by `get()`
   */
  release(thread: Thread): void {
    const { owner } = this;
    if (owner === thread && this.#count > 0) return this.#releaseGet();
    const state = owner === undefined
      ? `it is free; get() it first`
      : owner === thread
      ? `${owner.name} owns it by with() or hold(), not by get()`
      : `${owner.name} owns it, not ${thread.name}; only the owner can`;
    throw new Error(`Cannot release ${this.#name}: ${state}`);
  }

  #releaseGet(): void {
    if (--this.#count > 0) return;
    this.#hook.lift();
    this.#freeIfUnused();
  }

  // --- By with() and hold() --------------------------------------------------------

  get #isCallWithin(): boolean {
    return this.#claim !== undefined && isWithin(this.#claim, this.#scheduler);
  }

  /**
   * Whether a `with()` of the current call enters again: it is within another
   * one, or its thread has got the lock. Code outside every thread is many
   * callers, so what one of them has got does not admit the others.
   */
  admitsWith(thread: Thread): boolean {
    const hasGot = this.#count > 0 && this.owner === thread &&
      thread !== this.#scheduler.main;
    return hasGot || this.#isCallWithin;
  }

  /** Gives the lock, which is free or admits it, to `claim`. Returns the claim by which the call has it: another one when that is used already. */
  enter(claim: Claim): Claim {
    this.owner ??= claim.thread;
    const used = this.#claim ??= claim;
    used.uses++;
    return used;
  }

  /** One call that has the lock by `claim` is over. Does nothing when the lock was destroyed meanwhile. */
  leave(claim: Claim): void {
    if (claim.uses === 0 || --claim.uses > 0 || claim !== this.#claim) return;
    this.#claim = undefined;
    this.#freeIfUnused();
  }

  /** The token that has the lock by `claim` is lost: it can't be released any more. */
  tokenLost(claim: Claim): void {
    if (claim.uses === 0 || claim !== this.#claim) return;
    this.leave(claim);
    const { thread } = claim;
    const message =
      `${this.#name}: what hold() gave ${thread.name} was lost without release(); the lock was released`;
    this.#scheduler.report(new Error(message), thread, thread.socket);
  }

  // --- The next owner -----------------------------------------------------------------

  /** A call was given the lock and does not know yet: destroy() tells it something else. */
  granted(wait: ToolWait<number, Applicant>): Promise<number> {
    this.#granted = wait;
    return wait.promise;
  }

  #freeIfUnused(): void {
    if (this.#count > 0 || this.#claim !== undefined) return;
    this.owner = this.#granted = undefined;
    if (this.waiters.first !== undefined) this.#grantNext();
  }

  /** The lock is free: the call that has waited longest gets it. */
  #grantNext(): void {
    const next = this.waiters.first;
    if (next === undefined) return;
    const { clock, main } = this.#scheduler;
    const { detail, task } = next;
    // What still runs of a thread that has ended counts as code outside every thread.
    const owner = task.done ? main : task;
    this.#granted = next;
    if (typeof detail === "number") {
      this.acquire(owner);
      next.resolveLater(clock.now() - detail);
    } else {
      this.owner = owner;
      this.enter(detail);
      next.resolveLater(clock.now() - detail.began);
    }
  }

  /** The thread of a call that had been given the lock was removed before it went on. */
  #revoked(wait: ToolWait<number, Applicant>): void {
    const { detail, task } = wait;
    if (typeof detail !== "number") return this.leave(detail);
    const owns = wait === this.#granted || this.owner === task;
    if (owns && this.#count > 0) this.#releaseGet();
  }

  /** Takes the lock back for good: all calls that wait, or don't know yet that they have it, get an error. */
  destroy(error: () => unknown): void {
    this.#hook.lift();
    this.#count = 0;
    this.#granted?.withdraw(error());
    this.owner = this.#claim = this.#granted = undefined;
    this.waiters.rejectAll(error);
  }

  #ownerEnded(owner: Thread): void {
    this.#count = 0;
    this.#freeIfUnused();
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

/**
 * Shields: what runs under one goes on when its thread is removed, for a
 * bounded time.
 *
 * @module
 */

import { waitForCall } from "./call.ts";
import { handled } from "./handled.ts";
import {
  currentContext,
  runInContext,
  type ThreadContext,
} from "./current_thread.ts";
import type { AnyWait, WaitHost, WaitingThread } from "./wait.ts";

/** How many shields there are: while there is none, no wait looks for one. */
let open = 0;

/** What a shield needs of its thread. */
export interface ShieldedThread extends WaitingThread {
  /** Whether the thread was removed. */
  readonly removed: boolean;
  /** Whether another shield may begin: of a removed thread, so many may. */
  mayShield(): boolean;
  /** A shield of the thread begins (1) or ends (-1). */
  countShield(change: number): void;
}

/** The shield under which the caller runs, unless it has ended. */
export function currentShield(): Shield | undefined {
  if (open === 0) return undefined;
  return currentContext()?.shield as Shield | undefined;
}

/** One call of `copas.shield`. */
export class Shield {
  readonly #thread: ShieldedThread;
  readonly #context: ThreadContext;
  readonly #waits: Set<AnyWait> = new Set();

  constructor(thread: ShieldedThread) {
    this.#thread = thread;
    const { thread: inContext, host } = currentContext() ?? {};
    this.#context = { thread: inContext, host, shield: this };
  }

  /** Calls `fn` under the shield. */
  call<T>(fn: () => T): T {
    open++;
    this.#thread.countShield(1);
    return runInContext(this.#context, call, fn, undefined, undefined) as T;
  }

  /** A wait begins under the shield. */
  cover(wait: AnyWait): void {
    wait.shielded = true;
    this.#waits.add(wait);
  }

  /** The shield ends: the removal of the thread reaches what still runs under it. */
  end(): void {
    open--;
    this.#context.shield = undefined;
    this.#thread.countShield(-1);
    for (const wait of this.#waits) {
      // A wait that is over may have begun again, for another thread.
      if (wait.task !== this.#thread || wait.isOver) continue;
      wait.shielded = false;
      if (this.#thread.removed) wait.cancel();
    }
    this.#waits.clear();
  }
}

/** What a shielded call needs of the dispatcher. */
interface ShieldHost extends WaitHost {
  readonly current: ShieldedThread;
}

/** Runs `fn` under a shield, for at most `timeout` seconds. */
export async function shielded<T>(
  scheduler: ShieldHost,
  fn: () => T | PromiseLike<T>,
  timeout: number,
): Promise<T> {
  const thread = scheduler.current;
  const messagePrefix = "Cannot finish the shielded function";
  if (!thread.mayShield()) {
    // The wait of the removed thread fails before it calls `fn`.
    return await waitForCall(scheduler, async () => await fn(), {
      messagePrefix,
    });
  }
  const shield = new Shield(thread);
  try {
    // `async`: what it throws is its result, too.
    const result = handled(shield.call(async () => await fn()));
    return await waitForCall(scheduler, () => result, {
      timeout,
      messagePrefix,
      isShielded: true,
    });
  } finally {
    shield.end();
  }
}

/** Has the form of what runs in a context. */
function call<T>(fn: () => T): T {
  return fn();
}

/**
 * A wait for one call of Deno's, or for any promise.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";
import { Operation } from "../readiness/operation.ts";
import { Wait, type WaitHost, type WaitingThread } from "./wait.ts";

class CallWait<T> extends Wait<T> {
  /** Called with a result that comes after the wait was given up. */
  ondiscard?: (value: T) => void;
  onabandon?: () => void;
  operation?: Operation<T>;

  constructor(
    task: WaitingThread,
    readonly messagePrefix: string,
    socket: unknown,
    isShielded?: boolean,
  ) {
    super(task, "outside", socket, false, isShielded);
  }

  protected failure(): string {
    return this.messagePrefix;
  }

  protected override abandoned(): void {
    this.operation?.cancel();
    this.onabandon?.();
  }

  /** The call's result. */
  result(value: T): void {
    if (this.pending) this.resolve(value);
    else this.ondiscard?.(value);
  }
}

/** How to wait for a call. */
export interface CallOptions<T> extends WaitOptions {
  /** How messages begin: "Cannot connect to 127.0.0.1:80". */
  messagePrefix: string;
  /** The socket concerned. */
  socket?: unknown;
  /** Whether the wait goes on when its thread is removed. Default: `false`. */
  isShielded?: boolean;
  /** Called when the wait is given up: takes the call back if that is possible. */
  onabandon?: () => void;
  /** Called with a result that came after the wait was given up: releases it. */
  ondiscard?: (value: T) => void;
}

/** Begins a call as soon as the dispatcher is driven, and suspends the current thread until it is done. */
export function waitForCall<T>(
  scheduler: WaitHost,
  begin: () => PromiseLike<T>,
  options: CallOptions<T>,
): Promise<T> {
  const { messagePrefix, socket, isShielded } = options;
  const { current } = scheduler;
  const wait = new CallWait<T>(current, messagePrefix, socket, isShielded);
  wait.onabandon = options.onabandon;
  wait.ondiscard = options.ondiscard;
  wait.limit(options);
  if (wait.pending) {
    wait.operation = new Operation(
      scheduler.selector,
      begin,
      (value) => wait.result(value),
      (error) => wait.reject(error),
    );
  }
  return wait.promise;
}

/**
 * One receive of a stream socket that waits for bytes.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { Wait } from "../core/wait.ts";
import { TimeoutError } from "../errors/errors.ts";
import type { Ready } from "../readiness/selector.ts";
import type { Received, Wanted } from "./pattern.ts";
import { cannotReceive, type SocketIdentity } from "./socket_identity.ts";

/** Where the receives of a socket wait. */
export interface ReceiveQueue extends Ready {
  readonly socket: SocketIdentity;
  /** A copy of the bytes that have come and were not received. */
  pendingBytes(): Uint8Array;
  /** Does not use `wait` again. */
  forget(wait: ReceiveWait): void;
}

/** A receive that waits. The object is used again and again. */
export class ReceiveWait extends Wait<Received> {
  readonly #receives: ReceiveQueue;

  constructor(
    scheduler: Scheduler,
    receives: ReceiveQueue,
    public pattern: Wanted,
    public partial: boolean,
    public max?: number,
  ) {
    super(scheduler.current, "read", receives.socket);
    this.#receives = receives;
  }

  /** Begins once more. */
  again(pattern: Wanted, partial: boolean, max?: number): this {
    this.pattern = pattern;
    this.partial = partial;
    this.max = max;
    this.beginAgain(this.scheduler.current);
    return this;
  }

  protected failure(): string {
    return cannotReceive(this.#receives.socket);
  }

  /** The receives behind it may find what they want in what is there. */
  protected override abandoned(): void {
    this.#receives.forget(this);
    this.scheduler.selector.ready(this.#receives);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    // What is there belongs to the first in the queue.
    const partial = this.queue?.first === this
      ? this.#receives.pendingBytes()
      : new Uint8Array(0);
    return new TimeoutError(`${this.failure()}: timed out after ${seconds} s`, {
      partial,
    });
  }
}

/**
 * One send of a stream socket that waits for room in the write buffer.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { Wait } from "../core/wait.ts";
import { TimeoutError } from "../errors/errors.ts";
import type { Ready } from "../readiness/selector.ts";
import { cannotSend, type SocketIdentity } from "./socket_identity.ts";

const NOTHING = new Uint8Array(0);

/** Where the sends of a socket wait. */
export interface SendQueue extends Ready {
  readonly socket: SocketIdentity;
}

/** What takes the bytes. */
interface ByteSink {
  put(bytes: Uint8Array): number;
}

/** A send whose bytes have not all been taken yet, or (without any) a wait for all earlier bytes to be with the kernel. */
export class SendWait extends Wait<number | void> {
  /** How many of the bytes have been taken. */
  sent = 0;
  readonly #sends: SendQueue;
  readonly #bytes?: Uint8Array;

  /** @param shielded whether it goes on when its thread is removed */
  constructor(
    scheduler: Scheduler,
    sends: SendQueue,
    bytes: Uint8Array | undefined,
    shielded: boolean,
  ) {
    super(scheduler, "write", sends.socket, false, shielded);
    this.#sends = sends;
    this.#bytes = bytes;
  }

  /** Whether it waits for earlier bytes, and has none of its own. */
  get isFlush(): boolean {
    return this.#bytes === undefined;
  }

  /** Gives `sink` what it takes; returns whether it has taken everything. */
  putInto(sink: ByteSink): boolean {
    const bytes = this.#bytes ?? NOTHING;
    if (this.sent < bytes.length) {
      this.sent += sink.put(
        this.sent === 0 ? bytes : bytes.subarray(this.sent),
      );
    }
    return this.sent === bytes.length;
  }

  /** Gives the thread the number of its bytes. */
  complete(): void {
    this.resolve(this.isFlush ? undefined : this.sent);
  }

  protected failure(): string {
    return cannotSend(this.#sends.socket);
  }

  /** The sends behind it may find room, or have nothing to wait for. */
  protected override abandoned(): void {
    this.scheduler.selector.ready(this.#sends);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return new TimeoutError(
      `${this.failure()}: timed out after ${seconds} s; the peer does not read`,
      { sent: this.sent },
    );
  }
}

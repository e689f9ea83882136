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
import { utf8Length } from "./utf8.ts";

/** Where the sends of a socket wait. */
export interface SendQueue extends Ready {
  readonly socket: SocketIdentity;
  /** How many bytes the kernel has got. */
  readonly written: number;
  /** How many bytes that were given to `send` the kernel has not got. */
  readonly left: number;
  /**
   * A send ended before all of its bytes were taken.
   *
   * @param error what its caller gets, where that says how far the send got
   */
  cut(wait: SendWait, error: TimeoutError | undefined): void;
}

/** What takes the bytes. */
interface ByteSink {
  readonly taken: number;
  put(bytes: Uint8Array): number;
  putTextPart(text: string, from: number): number;
}

/** A send whose bytes have not all been taken yet, or (without any) a wait for all earlier bytes to be with the kernel. */
export class SendWait extends Wait<number | void> {
  /** How many bytes have been taken. */
  sent = 0;
  readonly #sends: SendQueue;
  /** Text stays text while it waits: its bytes would be one more copy of it. */
  readonly #data?: string | Uint8Array;
  /** How much of the data has been taken: bytes, or code units of text. */
  #at = 0;
  /** What its caller gets when the time is up. */
  #timeoutError?: TimeoutError = undefined;

  /**
   * @param shielded whether it goes on when its thread is removed
   * @param followsCut whether a send had been cut before: its bytes may be the rest of that
   */
  constructor(
    scheduler: Scheduler,
    sends: SendQueue,
    data: string | Uint8Array | undefined,
    shielded: boolean,
    readonly followsCut: boolean,
  ) {
    super(scheduler.current, "write", sends.socket, false, shielded);
    this.#sends = sends;
    this.#data = data;
  }

  /** Whether it waits for earlier bytes, and has none of its own. */
  get isFlush(): boolean {
    return this.#data === undefined;
  }

  /** Gives `sink` what it takes; returns whether it has taken everything. */
  putInto(sink: ByteSink): boolean {
    const data = this.#data;
    if (data === undefined || this.#at === data.length) return true;
    const { taken } = sink;
    this.#at += typeof data === "string"
      ? sink.putTextPart(data, this.#at)
      : sink.put(this.#at === 0 ? data : data.subarray(this.#at));
    this.sent += sink.taken - taken;
    return this.#at === data.length;
  }

  /** How many bytes have not been taken. */
  get left(): number {
    const data = this.#data;
    if (data === undefined) return 0;
    return typeof data === "string"
      ? utf8Length(data, this.#at)
      : data.length - this.#at;
  }

  /** What an error of the wait tells of the bytes: of its own, or of all that it waited for. */
  get transfer(): { sent: number; left: number } {
    if (!this.isFlush) return { sent: this.sent, left: this.left };
    return { sent: this.#sends.written, left: this.#sends.left };
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
    if (!this.isFlush) this.#sends.cut(this, this.#timeoutError);
    this.scheduler.selector.ready(this.#sends);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return this.#timeoutError = new TimeoutError(
      `${this.failure()}: timed out after ${seconds} s; the peer does not read`,
      this.transfer,
    );
  }
}

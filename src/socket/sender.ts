/**
 * The sending half of a stream socket: collects what the threads send in a
 * turn, and makes them wait when the peer does not read.
 *
 * @module
 */

import { wrongType } from "../arguments.ts";
import type { Scheduler, TurnEnd } from "../core/scheduler.ts";
import { Wait, type WaitOptions } from "../core/wait.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { ClosedError, closedError, TimeoutError } from "../errors.ts";
import type { Ready } from "../readiness/selector.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { WriteSink } from "../readiness/write_sink.ts";
import type { HalfOwner } from "./receiver.ts";

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** A send whose bytes have not all been taken yet, or (without any) a wait for all earlier bytes to be with the kernel. */
class SendWait extends Wait<number> {
  /** How many of the bytes have been taken. */
  sent = 0;

  constructor(
    scheduler: Scheduler,
    readonly sender: Sender,
    readonly bytes: Uint8Array | undefined,
    shielded: boolean,
  ) {
    super(scheduler, "write", sender.owner, false, shielded);
  }

  protected failure(): string {
    return this.sender.failed;
  }

  /** Those behind may find room, or have nothing to wait for. */
  protected override abandoned(): void {
    this.scheduler.selector.ready(this.sender);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return new TimeoutError(
      `${this.failure()}: timed out after ${seconds} s; the peer does not read`,
      { sent: this.sent },
    );
  }
}

/** Sends for the threads of one socket, in the order in which they asked. */
export class Sender implements Ready, TurnEnd {
  readonly sink: WriteSink;
  readonly owner: HalfOwner;
  readonly #scheduler: Scheduler;
  /** Who waits for room, once somebody had to. */
  #waiting?: TimedWaitQueue<SendWait> = undefined;
  #flushing = false;
  #closed?: string = undefined;
  /** Whether somebody has heard that writing failed. */
  #failureTold = false;

  constructor(scheduler: Scheduler, stream: ByteStream, owner: HalfOwner) {
    this.#scheduler = scheduler;
    this.owner = owner;
    this.sink = new WriteSink(scheduler.selector, stream, this);
  }

  /** How the messages of its errors begin. */
  get failed(): string {
    return `Cannot send to ${this.owner.name}`;
  }

  /** Takes `data` into the buffer; waits while there is no room. */
  send(data: string | Uint8Array, options?: WaitOptions): Promise<number> {
    const isText = typeof data === "string";
    if (!isText && !(data instanceof Uint8Array)) {
      return Promise.reject(
        wrongType("send()", "the data", "a string or a Uint8Array", data),
      );
    }
    const error = this.#error();
    if (error !== undefined) return handled(Promise.reject(error));
    if (data.length === 0) return Promise.resolve(0);
    let sent = 0;
    if (this.#waiting?.first === undefined && this.#scheduler.mayProceed()) {
      if (isText) sent = this.sink.putText(data);
      else if (data.length <= this.sink.room) sent = this.sink.put(data);
      if (sent > 0) {
        this.#flushAtTurnEnd();
        return Promise.resolve(sent);
      }
    }
    return this.#wait(isText ? encoder.encode(data) : data, false, options);
  }

  /** Resolves when all that was sent so far is with the kernel. `shielded`: also for a thread that was removed. */
  flush(shielded: boolean, options?: WaitOptions): Promise<unknown> {
    const error = this.#error();
    if (error !== undefined) return handled(Promise.reject(error));
    this.sink.write();
    if (this.sink.isEmpty && this.#waiting?.first === undefined) {
      return Promise.resolve();
    }
    return this.#wait(undefined, shielded, options);
  }

  #wait(
    bytes: Uint8Array | undefined,
    shielded: boolean,
    options?: WaitOptions,
  ): Promise<number> {
    const wait = new SendWait(this.#scheduler, this, bytes, shielded);
    const { timeout = this.owner.timeouts.send, signal } = options ?? {};
    this.#waiting ??= new TimedWaitQueue(this.#scheduler);
    this.#waiting.pushFor(wait, timeout < 0 ? Infinity : timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    this.#scheduler.selector.ready(this);
    return wait.promise;
  }

  /** There is room, or writing failed: serves those who wait in their order, as far as it goes. */
  dispatch(): void {
    const { sink } = this;
    for (let wait; (wait = this.#waiting?.first) !== undefined;) {
      if (sink.failure !== undefined) {
        this.#failureTold = true;
        wait.reject(
          closedError(this.failed, sink.failure, { sent: wait.sent }),
        );
        continue;
      }
      const { bytes = NOTHING } = wait;
      wait.sent += sink.put(
        wait.sent === 0 ? bytes : bytes.subarray(wait.sent),
      );
      sink.write();
      if (
        wait.sent < bytes.length || (wait.bytes === undefined && !sink.isEmpty)
      ) {
        sink.notify = true;
        return;
      }
      wait.resolve(wait.sent);
    }
  }

  /** All threads have run: writes what they sent, in one go. */
  turnEnd(): void {
    this.#flushing = false;
    this.sink.write();
  }

  #flushAtTurnEnd(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#scheduler.flushAtTurnEnd(this);
  }

  /** Takes nothing more: whoever waits gets a `ClosedError` that says `why`. What was taken is still written. */
  close(why: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    for (const wait of this.#waiting ?? []) {
      wait.rejectLater(
        new ClosedError(`${this.failed}: ${why}`, { sent: wait.sent }),
      );
    }
    this.sink.write();
  }

  /** Whether nothing is left to write, and nobody has to hear of a failure. */
  get isDrained(): boolean {
    return this.sink.isEmpty &&
      (this.sink.failure === undefined || this.#failureTold);
  }

  /**
   * Resolves when all that was taken before `close` is with the kernel. A thread
   * that was removed waits for it, too, unless there are `options`.
   */
  async drain(options?: WaitOptions): Promise<void> {
    try {
      if (this.sink.failure === undefined && !this.sink.isEmpty) {
        await this.#wait(undefined, options === undefined, options);
      }
      if (this.sink.failure !== undefined && !this.#failureTold) {
        throw closedError(this.failed, this.sink.failure);
      }
    } finally {
      this.#waiting?.dispose();
    }
  }

  #error(): ClosedError | undefined {
    if (this.#closed !== undefined) {
      return new ClosedError(`${this.failed}: ${this.#closed}`);
    }
    if (this.sink.failure === undefined) return undefined;
    this.#failureTold = true;
    return closedError(this.failed, this.sink.failure);
  }
}

/** A send that nobody awaits must not bring the process down when the peer has gone. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

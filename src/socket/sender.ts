/**
 * The sending half of a stream socket: collects what the threads send in a
 * turn, and makes them wait when the peer does not read.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { checkWaitOptions } from "../errors/wait_options.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { EndOfTurnHook } from "../core/end_of_turn.ts";
import { Wait } from "../core/wait.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { ClosedError, TimeoutError } from "../errors/errors.ts";
import { closedError } from "../errors/platform.ts";
import type { Ready } from "../readiness/selector.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { WriteSink } from "../readiness/write_sink.ts";
import type { HalfOwner } from "./receiver.ts";

/** After so many microtasks a write has ended that the system took at once. */
const AT_ONCE = 6;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** A send whose bytes have not all been taken yet, or (without any) a wait for all earlier bytes to be with the kernel. */
class SendWait extends Wait<number | void> {
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
export class Sender implements Ready, EndOfTurnHook {
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
    const wrong = isText || data instanceof Uint8Array
      ? wrongOptions("send()", options)
      : wrongType("send()", "the data", "a string or a Uint8Array", data);
    if (wrong !== undefined) return Promise.reject(wrong);
    const error = this.#error();
    if (error !== undefined) return handled(Promise.reject(error));
    let sent = 0;
    if (
      this.#waiting?.first === undefined && !options?.signal?.aborted &&
      this.#scheduler.mayProceed()
    ) {
      if (data.length === 0) return Promise.resolve(0);
      if (isText) sent = this.sink.putText(data);
      else if (data.length <= this.sink.room) sent = this.sink.put(data);
      if (sent > 0) {
        this.#flushAtTurnEnd();
        return Promise.resolve(sent);
      }
    }
    const bytes = isText ? encoder.encode(data) : data;
    return this.#wait(bytes, false, options) as Promise<number>;
  }

  /** Resolves when all that was sent so far is with the kernel. */
  flush(options?: WaitOptions): Promise<void> {
    const wrong = wrongOptions("flush()", options);
    if (wrong !== undefined) return Promise.reject(wrong);
    const error = this.#error();
    if (error !== undefined) return handled(Promise.reject(error));
    this.sink.write();
    if (this.sink.isEmpty && this.#waiting?.first === undefined) {
      return Promise.resolve();
    }
    return this.#wait(undefined, false, options) as Promise<void>;
  }

  #wait(
    bytes: Uint8Array | undefined,
    shielded: boolean,
    options?: WaitOptions,
  ): Promise<number | void> {
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
      if (wait.sent < bytes.length) {
        wait.sent += sink.put(
          wait.sent === 0 ? bytes : bytes.subarray(wait.sent),
        );
      }
      sink.write();
      if (
        wait.sent < bytes.length || (wait.bytes === undefined && !sink.isEmpty)
      ) {
        sink.notify = true;
        return;
      }
      wait.resolve(wait.bytes && wait.sent);
    }
  }

  /** All threads have run: writes what they sent, in one go. */
  atEndOfTurn(): void {
    this.#flushing = false;
    this.sink.write();
  }

  #flushAtTurnEnd(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#scheduler.endOfTurn.flushAtEnd(this);
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
      for (let i = 0; i < AT_ONCE && !this.sink.isEmpty; i++) await null;
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

  /** Why nothing can be sent any more. Nobody has to await the call that hears of it. */
  #error(): ClosedError | undefined {
    if (this.#closed !== undefined) {
      return new ClosedError(`${this.failed}: ${this.#closed}`);
    }
    if (this.sink.failure === undefined) return undefined;
    this.#failureTold = true;
    return closedError(this.failed, this.sink.failure);
  }
}

/** Why the options of a call can't be used, if they can't. */
function wrongOptions(call: string, options: unknown): unknown {
  try {
    checkWaitOptions(call, options);
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * The sending half of a stream socket: collects what the threads send in a
 * turn, and makes them wait when the peer does not read.
 *
 * @module
 */

import type { EndOfTurnHook } from "../core/end_of_turn.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { reportUnawaitedBy } from "../core/unawaited.ts";
import type { Thread } from "../core/thread.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { transferred, wrongType } from "../errors/arguments.ts";
import { endOf } from "../errors/connection_end.ts";
import {
  CancelledError,
  ClosedError,
  type TimeoutError,
  type TransferErrorOptions,
} from "../errors/errors.ts";
import {
  readWaitOptions,
  type WaitOptions,
  wrongWaitOptions,
} from "../errors/wait_options.ts";
import type { Meter } from "../readiness/meter.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { WriteSink } from "../readiness/write_sink.ts";
import { CutSends } from "./cut_sends.ts";
import { type SendQueue, SendWait } from "./send_wait.ts";
import { cannotSend, type SocketIdentity } from "./socket_identity.ts";
import { socketFailure } from "./socket_failure.ts";
import { saysClosed } from "./stream_state.ts";
import { rejectedCall, resolvedCall } from "../core/immediate_call.ts";

/** After so many microtasks a write has ended that the system took at once. */
const MICROTASKS_OF_WRITE = 6;

/** Sends for the threads of one socket, in the order in which they asked. */
export class Sender implements SendQueue, EndOfTurnHook {
  readonly sink: WriteSink;
  readonly socket: SocketIdentity;
  readonly #scheduler: Scheduler;
  /** The sends that wait for room, made when one has to. */
  #waits?: TimedWaitQueue<SendWait> = undefined;
  /** What is missing in the stream, while something is. */
  #cut?: CutSends = undefined;
  #incomplete?: ClosedError = undefined;
  #isFlushing = false;
  #closeReason?: string = undefined;
  #isAbandoned = false;
  /** Whether the error of a write that failed has been given to a caller, or need not be. */
  #isFailureReported = false;
  /** Whether it has been given to the error handler. */
  #isFailureTold = false;

  constructor(
    scheduler: Scheduler,
    stream: ByteStream,
    socket: SocketIdentity,
    meter?: Meter,
  ) {
    this.#scheduler = scheduler;
    this.socket = socket;
    this.sink = new WriteSink(scheduler.selector, stream, this, meter);
  }

  /** Takes `data` into the buffer; waits while there is no room. */
  send(data: string | Uint8Array, options?: WaitOptions): Promise<number> {
    const isText = typeof data === "string";
    if (options !== undefined || !(isText || data instanceof Uint8Array)) {
      const wrong = wrongArguments(data, options);
      if (wrong !== undefined) return rejectedCall(this.#scheduler, wrong);
    }
    if (this.#closeReason !== undefined || this.sink.failure !== undefined) {
      return this.#refused(this.#error()!);
    }
    let sent = 0;
    if (
      this.#waits?.first === undefined && !options?.signal?.aborted &&
      this.#scheduler.mayProceed()
    ) {
      if (data.length === 0) {
        const wrong = transferred("send()", data);
        if (wrong !== undefined) return rejectedCall(this.#scheduler, wrong);
        return Promise.resolve(0);
      }
      if (isText) sent = this.sink.putText(data);
      else if (data.length <= this.sink.room) sent = this.sink.put(data);
      if (sent > 0) {
        if (this.#cut !== undefined) this.#fill(sent);
        this.#scheduler.counts.messagesSent++;
        this.#flushAtTurnEnd();
        return Promise.resolve(sent);
      }
    }
    const wait = this.#wait("send()", data, false, options);
    return this.#heard(wait) as Promise<number>;
  }

  /** The promise of `wait`. Where its caller does not await it, an error goes to the error handler. */
  #heard(wait: SendWait): Promise<number | void> {
    return wait.promise.catch((error) => {
      if (!(error instanceof CancelledError)) {
        reportUnawaitedBy(
          error,
          () => this.#report(error, wait.task as Thread),
        );
      }
      throw error;
    });
  }

  /** Reports bytes that are lost; that a write has failed only once. */
  #report(error: unknown, task: Thread): void {
    if (this.#isAbandoned) return;
    if (error instanceof ClosedError) {
      if (this.#isFailureTold) return;
      this.#isFailureTold = true;
    }
    this.#scheduler.report(error, task, this.socket);
  }

  /** Resolves when all that was sent so far is with the kernel. */
  flush(options?: WaitOptions): Promise<void> {
    const wrong = wrongWaitOptions("flush()", options);
    if (wrong !== undefined) return rejectedCall(this.#scheduler, wrong);
    const error = this.#error();
    if (error !== undefined) {
      return handled(rejectedCall(this.#scheduler, error));
    }
    this.sink.write();
    if (this.sink.isEmpty && this.#waits?.first === undefined) {
      return resolvedCall(this.#scheduler, undefined);
    }
    const wait = this.#wait("flush()", undefined, false, options);
    return this.#heard(wait) as Promise<void>;
  }

  #wait(
    call: string,
    data: string | Uint8Array | undefined,
    shielded: boolean,
    options?: WaitOptions,
  ): SendWait {
    const followsCut = this.#cut !== undefined;
    const wait = new SendWait(
      this.#scheduler,
      this,
      data,
      shielded,
      followsCut,
    );
    const { send } = this.socket.timeouts;
    const { timeout, signal } = readWaitOptions(call, options, send);
    this.#waits ??= new TimedWaitQueue(this.#scheduler);
    this.#waits.pushFor(wait, timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    this.#scheduler.selector.ready(this);
    return wait;
  }

  /** There is room, or a write failed: serves the waits in their order, as far as the room goes. */
  dispatch(): void {
    const { sink } = this;
    if (sink.failure !== undefined) return this.#failWaits(sink.failure);
    for (let wait; (wait = this.#waits?.first) !== undefined;) {
      const isTaken = wait.putInto(sink);
      sink.write();
      if (!isTaken || (wait.isFlush && !sink.isEmpty)) {
        sink.notify = true;
        return;
      }
      if (wait.followsCut) this.#fill(wait.sent);
      if (!wait.isFlush) this.#scheduler.counts.messagesSent++;
      wait.complete();
    }
  }

  /** A send gave up: from here on the stream is not what the program meant to send. */
  cut(wait: SendWait, error: TimeoutError | undefined): void {
    if (wait.followsCut) this.#fill(wait.sent);
    this.#cut = (this.#cut ?? new CutSends()).add(wait, error);
  }

  /** A send that came after one that was cut has brought `count` bytes. */
  #fill(count: number): void {
    if (this.#cut?.isFilledBy(count)) this.#cut = undefined;
  }

  /** A write failed: no wait can be served any more. */
  #failWaits(failure: unknown): void {
    const all = { sent: this.written, left: this.left };
    for (const wait of this.#waits ?? []) {
      const transfer = wait.isFlush ? all : wait.transfer;
      wait.reject(this.#writeError(failure, transfer));
    }
  }

  /** All threads have run: writes what they sent, in one go. */
  atEndOfTurn(): void {
    this.#isFlushing = false;
    this.sink.write();
  }

  #flushAtTurnEnd(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#scheduler.endOfTurn.flushAtEnd(this);
  }

  /** Takes nothing more; sends that come now fail with a `ClosedError` that says `why`. What was given before is still written. */
  close(why: string): void {
    this.#closeReason ??= why;
    this.sink.write();
  }

  /** The connection is closed at once: each wait ends with a `ClosedError` that says `why`, and what is left is lost without a report. */
  abandon(why: string): void {
    this.#closeReason ??= why;
    this.#isAbandoned = this.#isFailureReported = true;
    for (const wait of this.#waits ?? []) {
      wait.rejectLater(this.#closedError(why, wait.transfer));
    }
    this.dispose();
  }

  /** The connection is closed: no wait has a deadline any more. */
  dispose(): void {
    this.#waits?.dispose();
  }

  /** How many bytes the kernel has got. */
  get written(): number {
    return this.sink.written;
  }

  /** How many bytes that were given to `send` the kernel has not got, or never will. */
  get left(): number {
    let left = this.sink.pending + this.sink.lost + (this.#cut?.missing ?? 0);
    for (const wait of this.#waits ?? []) left += wait.left;
    return left;
  }

  /** Whether everything that was given to `send` is written. */
  get #isWritten(): boolean {
    return this.sink.isEmpty && this.#waits?.first === undefined;
  }

  /** Whether the next send goes on where the stream of the program is: none waits before it, none was cut, no write has failed, and it is not closed. */
  get isWhole(): boolean {
    return this.#closeReason === undefined && this.#cut === undefined &&
      this.#waits?.first === undefined && this.sink.failure === undefined;
  }

  /** Whether nothing is left to write, no failure of a write is left to report, and the stream is whole. */
  get isDrained(): boolean {
    if (!this.#isWritten) return false;
    return this.sink.failure === undefined
      ? this.#cut === undefined
      : this.#isFailureReported;
  }

  /**
   * Resolves when all that was given to `send` before `close` is with the kernel.
   * Fails when it is not all that the program meant to send.
   *
   * @param call names the call in the message of an error
   * @param shielded whether a thread that was removed waits for it, too
   */
  async drain(
    call: string,
    shielded: boolean,
    options: WaitOptions,
  ): Promise<void> {
    const { sink } = this;
    for (let i = 0; i < MICROTASKS_OF_WRITE && !this.#isWritten; i++) {
      await null;
    }
    if (sink.failure === undefined && !this.#isWritten) {
      await this.#wait(call, undefined, shielded, options).promise;
    }
    if (sink.failure !== undefined && !this.#isFailureReported) {
      throw this.#writeError(sink.failure, {
        sent: this.written,
        left: this.left,
      });
    }
    if (sink.failure === undefined && this.#cut !== undefined) {
      throw this.#incompleteError(call, this.#cut);
    }
  }

  /** The error of a call that would end the stream as if it were complete. */
  #incompleteError(call: string, { sent, left, cause }: CutSends): ClosedError {
    if (this.#incomplete !== undefined) return this.#incomplete;
    const message =
      `${call}: a send on ${this.socket.name} was cut after ${sent} of ${
        sent + left
      } bytes, and the rest was not sent: the connection is aborted`;
    const error = new ClosedError(message, { sent, left, cause });
    // The program has removed the thread: that its connection ends is no news.
    if (cause === undefined) endOf(this.socket, error);
    return this.#incomplete = error;
  }

  /** The outcome of a send that comes too late. That of a closed socket may be ignored; that a write has failed has to be heard once. */
  #refused(error: ClosedError): Promise<number> {
    const scheduler = this.#scheduler;
    const refused = rejectedCall(scheduler, error);
    if (this.#closeReason !== undefined) return handled(refused);
    const { current } = scheduler;
    reportUnawaitedBy(error, () => this.#report(error, current));
    return refused;
  }

  /** Why nothing can be sent any more. */
  #error(): ClosedError | undefined {
    if (this.#closeReason !== undefined) {
      return this.#closedError(this.#closeReason);
    }
    const { failure } = this.sink;
    return failure === undefined ? undefined : this.#writeError(failure);
  }

  #closedError(why: string, transfer?: TransferErrorOptions): ClosedError {
    const message = `${cannotSend(this.socket)}: ${why}`;
    const error = new ClosedError(message, transfer);
    return saysClosed(why) ? endOf(this.socket, error) : error;
  }

  #writeError(failure: unknown, transfer?: TransferErrorOptions): ClosedError {
    this.#isFailureReported = true;
    return socketFailure(this.socket, cannotSend, failure, transfer);
  }
}

/** Why the arguments of `send` can't be used, if they can't. */
function wrongArguments(data: unknown, options: unknown): unknown {
  return typeof data === "string" || data instanceof Uint8Array
    ? wrongWaitOptions("send()", options)
    : wrongType("send()", "the data", "a string or a Uint8Array", data);
}

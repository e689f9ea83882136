/**
 * The receiving half of a stream socket: the threads that wait for its bytes,
 * and the order in which they get them.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { ClosedError } from "../errors/errors.ts";
import {
  checkWaitOptions,
  readWaitOptions,
  type WaitOptions,
} from "../errors/wait_options.ts";
import { ReadSource } from "../readiness/read_source.ts";
import type { ByteStream } from "../readiness/stream.ts";
import type { Limits } from "./limits.ts";
import {
  checkPattern,
  INCOMPLETE,
  type Pattern,
  type Received,
} from "./pattern.ts";
import { PatternReader } from "./pattern_reader.ts";
import { type ReceiveQueue, ReceiveWait } from "./receive_wait.ts";
import { cannotReceive, type SocketIdentity } from "./socket_identity.ts";
import { rejectedCall } from "../core/immediate_call.ts";

/** The largest result that a wait may hold that is used again: most messages are smaller. */
const SMALL = 1024;

/** Receives for the threads of one socket, in the order in which they asked. */
export class Receiver implements ReceiveQueue {
  readonly source: ReadSource;
  readonly socket: SocketIdentity;
  readonly #scheduler: Scheduler;
  readonly #waits: TimedWaitQueue<ReceiveWait>;
  readonly #patterns: PatternReader;
  /** The wait that began last: the next one takes its place when it is over. */
  #latest?: ReceiveWait = undefined;
  #closeReason?: string = undefined;

  constructor(
    scheduler: Scheduler,
    stream: ByteStream,
    socket: SocketIdentity,
    limits: Limits,
  ) {
    this.#scheduler = scheduler;
    this.socket = socket;
    this.source = new ReadSource(scheduler.selector, stream, this);
    this.#waits = new TimedWaitQueue(scheduler);
    this.#patterns = new PatternReader(this.source, socket, limits);
  }

  /** How many bytes the threads have got. */
  get delivered(): number {
    return this.source.received - this.source.buffer.length;
  }

  /** Gives what `pattern` asks for, or with `partial` what there is of it. */
  receive(
    pattern: Pattern,
    partial: boolean,
    options?: WaitOptions,
  ): Promise<Received> {
    if (pattern !== "*l" || options !== undefined) {
      try {
        checkPattern(callName(partial), pattern);
        checkWaitOptions(callName(partial), options);
      } catch (error) {
        return rejectedCall(this.#scheduler, error);
      }
    }
    if (this.#closeReason !== undefined) {
      return rejectedCall(
        this.#scheduler,
        this.#closedError(this.#closeReason),
      );
    }
    // The way of most calls: what is there already takes no part in the queue.
    if (
      this.#waits.first === undefined && options === undefined &&
      this.#scheduler.mayProceed()
    ) {
      try {
        const received = this.#patterns.take(pattern, partial);
        if (received !== INCOMPLETE) return Promise.resolve(received);
      } catch (error) {
        return rejectedCall(this.#scheduler, error);
      }
    }
    return this.#wait(pattern, partial, options);
  }

  #wait(
    pattern: Pattern,
    partial: boolean,
    options?: WaitOptions,
  ): Promise<Received> {
    const wait = this.#latest?.isOver
      ? this.#latest.again(pattern, partial)
      : new ReceiveWait(this.#scheduler, this, pattern, partial);
    this.#latest = wait;
    const { timeout, signal } = readWaitOptions(
      callName(partial),
      options,
      this.socket.timeouts.receive,
    );
    this.#waits.pushFor(wait, timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    if (this.source.buffer.length > 0 || this.source.isExhausted) {
      this.#scheduler.selector.ready(this);
    } else {
      this.source.arm();
    }
    return wait.promise;
  }

  /** Bytes have come, or the stream is over: serves the waits in their order, as far as the bytes go. */
  dispatch(): void {
    for (let wait; (wait = this.#waits.first) !== undefined;) {
      let received: Received | typeof INCOMPLETE;
      try {
        received = this.#patterns.take(wait.pattern, wait.partial);
      } catch (error) {
        this.forget(wait);
        wait.reject(error);
        continue;
      }
      if (received === INCOMPLETE) return this.source.arm();
      if (isLarge(received, wait.pattern)) this.forget(wait);
      wait.resolve(received);
    }
  }

  /** A copy of the bytes that have come and were not received. */
  pendingBytes(): Uint8Array {
    return this.source.buffer.view().slice();
  }

  /** Does not use `wait` again: it would hold what it gave as long as the socket lives. */
  forget(wait: ReceiveWait): void {
    if (this.#latest === wait) this.#latest = undefined;
  }

  /** Receives nothing more: each wait ends with a `ClosedError` that says `why`. */
  close(why: string): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = why;
    this.source.close();
    this.#waits.dispose();
    for (const wait of this.#waits) wait.rejectLater(this.#closedError(why));
  }

  #closedError(why: string): ClosedError {
    return new ClosedError(`${cannotReceive(this.socket)}: ${why}`);
  }
}

/** The call as the messages of errors name it. */
function callName(partial: boolean): string {
  return partial ? "receivepartial()" : "receive()";
}

/** Whether what was received takes much memory that is not the caller's. */
function isLarge(received: Received, pattern: Pattern): boolean {
  return received !== null && received.length > SMALL &&
    typeof pattern !== "object";
}

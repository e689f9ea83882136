/**
 * The receiving half of a stream socket: the threads that wait for its bytes,
 * and the order in which they get them.
 *
 * @module
 */

import { setIdle } from "../core/idle_wait.ts";
import { rejectedCall } from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { endOf } from "../errors/connection_end.ts";
import { ClosedError } from "../errors/errors.ts";
import { readWaitOptions } from "../errors/wait_options.ts";
import type { Meter } from "../readiness/meter.ts";
import { ReadSource } from "../readiness/read_source.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { checkCount, DEFAULT_LIMITS, type Limits } from "./limits.ts";
import {
  checkPattern,
  INCOMPLETE,
  type Pattern,
  type Received,
  type ReceiveRequest,
  type Wanted,
} from "./pattern.ts";
import { PatternReader } from "./pattern_reader.ts";
import {
  CHECKED_KEYS,
  checkReceiveOptions,
  type ReceiveOptions,
} from "./receive_options.ts";
import { type ReceiveQueue, ReceiveWait } from "./receive_wait.ts";
import { cannotReceive, type SocketIdentity } from "./socket_identity.ts";
import { saysClosed } from "./stream_state.ts";

/** The largest result that a wait may hold that is used again: most messages are smaller. */
const SMALL = 1024;

/** Receives for the threads of one socket, in the order in which they asked. */
export class Receiver implements ReceiveQueue {
  readonly source: ReadSource;
  readonly socket: SocketIdentity;
  readonly #scheduler: Scheduler;
  readonly #waits: TimedWaitQueue<ReceiveWait>;
  readonly #patterns: PatternReader;
  readonly #limits: Limits;
  /** The wait that began last: the next one takes its place when it is over. */
  #latest?: ReceiveWait = undefined;
  #closeReason?: string = undefined;
  #isIdle = false;

  constructor(
    scheduler: Scheduler,
    stream: ByteStream,
    socket: SocketIdentity,
    limits: Limits,
    meter?: Meter,
  ) {
    this.#scheduler = scheduler;
    this.socket = socket;
    this.source = new ReadSource(scheduler.selector, stream, this, meter);
    this.#waits = new TimedWaitQueue(scheduler);
    this.#limits = limits;
    this.#patterns = new PatternReader(this.source, socket, limits);
  }

  /** How many bytes the threads have got. */
  get delivered(): number {
    return this.source.received - this.source.buffer.length;
  }

  /** Whether a thread waits for bytes. */
  get isAwaited(): boolean {
    return this.#waits.first !== undefined;
  }

  /** Gives what `pattern` asks for, or with `partial` what there is of it. */
  receive(
    pattern: Pattern,
    partial: boolean,
    options?: ReceiveOptions,
  ): Promise<Received> {
    if (pattern !== "*l" || options !== undefined) {
      try {
        this.#check(pattern, partial, options);
      } catch (error) {
        return rejectedCall(this.#scheduler, error);
      }
    }
    return this.#receive(pattern, partial, options);
  }

  /**
   * Gives what `make` asks for.
   *
   * @param call names the call in the message of an error
   * @param make makes the request, with the limits of the socket
   */
  ask<T extends string | Uint8Array<ArrayBuffer>>(
    call: string,
    make: (limits: Required<Limits>) => ReceiveRequest<T>,
    options?: ReceiveOptions,
  ): Promise<T | null> {
    let request: ReceiveRequest<T>;
    try {
      checkReceiveOptions(call, options);
      request = make({
        maxline: this.#limits.maxline ?? DEFAULT_LIMITS.maxline,
        maxbody: this.#limits.maxbody ?? DEFAULT_LIMITS.maxbody,
      });
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
    return this.#receive(request, false, options) as Promise<T | null>;
  }

  /** Gives what `request` asks for, to a caller that asks again and again and has no options. */
  next<T extends string | Uint8Array<ArrayBuffer>>(
    request: ReceiveRequest<T>,
  ): Promise<T | null> {
    return this.#receive(request, false) as Promise<T | null>;
  }

  #check(pattern: Pattern, partial: boolean, options?: ReceiveOptions): void {
    const call = callName(partial);
    checkPattern(call, pattern);
    if (options !== undefined) checkReceiveOptions(call, options);
    if (partial || typeof pattern !== "number") return;
    const { maxbody = DEFAULT_LIMITS.maxbody } = this.#limits;
    const limit = options?.max ?? maxbody;
    if (pattern > limit) {
      checkCount(cannotReceive(this.socket), pattern, limit);
    }
  }

  #receive(
    pattern: Wanted,
    partial: boolean,
    options?: ReceiveOptions,
  ): Promise<Received> {
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
        if (received !== INCOMPLETE) {
          if (received !== null) this.#scheduler.counts.messagesReceived++;
          return Promise.resolve(received);
        }
      } catch (error) {
        return rejectedCall(this.#scheduler, error);
      }
    }
    return this.#wait(pattern, partial, options);
  }

  #wait(
    pattern: Wanted,
    partial: boolean,
    options?: ReceiveOptions,
  ): Promise<Received> {
    const max = options?.max;
    const wait = this.#latest?.isOver
      ? this.#latest.again(pattern, partial, max)
      : new ReceiveWait(this.#scheduler, this, pattern, partial, max);
    this.#latest = wait;
    const { timeout, signal } = readWaitOptions(
      callName(partial),
      options,
      this.socket.timeouts.receive,
      CHECKED_KEYS,
    );
    this.#waits.pushFor(wait, timeout);
    if (this.#isIdle) setIdle(wait, true);
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
        received = this.#patterns.take(wait.pattern, wait.partial, wait.max);
      } catch (error) {
        this.forget(wait);
        wait.reject(error);
        continue;
      }
      if (received === INCOMPLETE) return this.source.arm();
      if (isLarge(received, wait.pattern)) this.forget(wait);
      if (received !== null) this.#scheduler.counts.messagesReceived++;
      wait.resolve(received);
    }
  }

  /** Says whether receives that wait, now and later, let `loop()` end. */
  setIdle(idle: boolean): void {
    this.#isIdle = idle;
    for (const wait of this.#waits) setIdle(wait, idle);
  }

  /** Begins to read without a call that waits, so that {@linkcode isQuiet} tells what comes. */
  watch(): void {
    this.source.arm();
  }

  /** Whether the peer, as far as has been read, has sent nothing more and not closed. */
  get isQuiet(): boolean {
    return this.source.buffer.length === 0 && !this.source.isExhausted;
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
    const error = new ClosedError(`${cannotReceive(this.socket)}: ${why}`);
    return saysClosed(why) ? endOf(this.socket, error) : error;
  }
}

/** The call as the messages of errors name it. */
function callName(partial: boolean): string {
  return partial ? "receivepartial()" : "receive()";
}

/** Whether what was received takes much memory that is not the caller's. */
function isLarge(received: Received, pattern: Wanted): boolean {
  return received !== null && received.length > SMALL &&
    !(pattern instanceof Uint8Array);
}

/**
 * The receiving half of a stream socket: who waits for what, and what of the
 * bytes that are there belongs to whom.
 *
 * @module
 */

import { checkWaitOptions } from "../errors/wait_options.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Wait } from "../core/wait.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { ClosedError, TimeoutError, TooLongError } from "../errors/errors.ts";
import { closedError } from "../errors/platform.ts";
import { ReadSource } from "../readiness/read_source.ts";
import type { Ready } from "../readiness/selector.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { LF, LineDecoder } from "./line_decoder.ts";
import {
  checkPattern,
  copied,
  countOf,
  type Pattern,
  type Size,
} from "./pattern.ts";
import { completeTextEnd, decodeUtf8 } from "./utf8.ts";

/** What a receive can give. */
type Received = string | Uint8Array<ArrayBuffer> | null;

/** The socket to which a half belongs: its name and its timeouts. */
export interface HalfOwner {
  /** For error messages and the log. */
  readonly name: string;
  /** Seconds, `Infinity` for no limit. */
  readonly timeouts: { send: number; receive: number };
}

/** What a wait may hold that is used again: most messages, but no large one. */
const SMALL = 1024;

const CR = 13;

/** Says that a receive has to wait for more bytes. */
const MORE = Symbol("more");

class ReceiveWait extends Wait<Received> {
  constructor(
    scheduler: Scheduler,
    readonly receiver: Receiver,
    public pattern: Pattern,
    public partial: boolean,
  ) {
    super(scheduler, "read", receiver.owner);
  }

  /** Begins once more. */
  again(pattern: Pattern, partial: boolean): this {
    this.pattern = pattern;
    this.partial = partial;
    this.beginAgain();
    return this;
  }

  protected failure(): string {
    return this.receiver.failed;
  }

  /** Those behind may find what they want in what is there. */
  protected override abandoned(): void {
    this.receiver.forget(this);
    this.scheduler.selector.ready(this.receiver);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    // What is there belongs to the first in line.
    const partial = this.queue?.first === this
      ? this.receiver.source.buffer.view().slice()
      : new Uint8Array(0);
    return new TimeoutError(`${this.failure()}: timed out after ${seconds} s`, {
      partial,
    });
  }
}

/** Receives for the threads of one socket, in the order in which they asked. */
export class Receiver implements Ready {
  readonly source: ReadSource;
  readonly owner: HalfOwner;
  readonly #scheduler: Scheduler;
  readonly #readers: TimedWaitQueue<ReceiveWait>;
  readonly #limits: Limits;
  #lines?: LineDecoder = undefined;
  /** The wait that began last: the next one takes its place when it is over. */
  #latest?: ReceiveWait = undefined;
  /** How many bytes of the buffer are known to hold no LF. */
  #searched = 0;
  #closed?: string = undefined;

  constructor(
    scheduler: Scheduler,
    stream: ByteStream,
    owner: HalfOwner,
    limits: Limits,
  ) {
    this.#scheduler = scheduler;
    this.owner = owner;
    this.source = new ReadSource(scheduler.selector, stream, this);
    this.#readers = new TimedWaitQueue(scheduler);
    this.#limits = limits;
  }

  get #maxline(): number {
    return this.#limits.maxline ?? DEFAULT_LIMITS.maxline;
  }

  get #maxbody(): number {
    return this.#limits.maxbody ?? DEFAULT_LIMITS.maxbody;
  }

  /** How many bytes its readers have got. */
  get delivered(): number {
    return this.source.received - this.source.buffer.length;
  }

  /** How the messages of its errors begin. */
  get failed(): string {
    return `Cannot receive from ${this.owner.name}`;
  }

  /** Gives what `pattern` asks for, or with `partial` what there is of it. */
  receive(
    pattern: Pattern,
    partial: boolean,
    options?: WaitOptions,
  ): Promise<Received> {
    if (pattern !== "*l" || options !== undefined) {
      try {
        const call = partial ? "receivepartial()" : "receive()";
        checkPattern(call, pattern);
        checkWaitOptions(call, options);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.#closed !== undefined) {
      return Promise.reject(new ClosedError(`${this.failed}: ${this.#closed}`));
    }
    // The way of most calls: what is there already takes no part in the queue.
    if (
      this.#readers.first === undefined && options === undefined &&
      this.#scheduler.mayProceed()
    ) {
      try {
        const received = this.#take(pattern, partial);
        if (received !== MORE) return Promise.resolve(received);
      } catch (error) {
        return Promise.reject(error);
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
    const { timeout = this.owner.timeouts.receive, signal } = options ?? {};
    this.#readers.pushFor(wait, timeout < 0 ? Infinity : timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    if (this.source.buffer.length > 0 || this.source.isExhausted) {
      this.#scheduler.selector.ready(this);
    } else {
      this.source.arm();
    }
    return wait.promise;
  }

  /** Something came, or the stream is over: serves the readers in their order, as far as it goes. */
  dispatch(): void {
    for (let reader; (reader = this.#readers.first) !== undefined;) {
      let received: Received | typeof MORE;
      try {
        received = this.#take(reader.pattern, reader.partial);
      } catch (error) {
        this.forget(reader);
        reader.reject(error);
        continue;
      }
      if (received === MORE) return this.source.arm();
      if (isLarge(received, reader.pattern)) this.forget(reader);
      reader.resolve(received);
    }
  }

  /** Does not use `wait` again: it would hold what it gave as long as the socket lives. */
  forget(wait: ReceiveWait): void {
    if (this.#latest === wait) this.#latest = undefined;
  }

  /** Nobody receives any more: whoever waits gets a `ClosedError` that says `why`. */
  close(why: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    this.source.close();
    this.#readers.dispose();
    for (const reader of this.#readers) {
      reader.rejectLater(new ClosedError(`${this.failed}: ${why}`));
    }
  }

  /** Takes what `pattern` asks for out of the buffer, or says that more is needed. */
  #take(pattern: Pattern, partial: boolean): Received | typeof MORE {
    const { buffer } = this.source;
    const taken = pattern === "*l"
      ? this.#takeLine(partial)
      : pattern === "*a"
      ? this.#takeAll(partial)
      : this.#takeBytes(pattern, partial);
    if (taken !== MORE) return taken;
    if (partial && buffer.length > 0 && typeof pattern === "string") {
      const text = this.#takeText(pattern);
      if (text !== MORE) return text;
    }
    return this.source.isExhausted ? this.#end(pattern) : MORE;
  }

  #takeLine(partial: boolean): string | typeof MORE {
    const { buffer } = this.source;
    const { bytes, start, end } = buffer;
    if (start === end) return MORE;
    this.#lines ??= new LineDecoder();
    const short = this.#lines.next(buffer, this.delivered);
    if (short !== undefined && short.length <= this.#maxline) {
      this.#consume(short.length + 1);
      return withoutCarriageReturns(short);
    }
    const from = start + this.#searched;
    // The memory behind the data must not be searched: it may be long.
    const at = bytes[end - 1] === LF
      ? bytes.indexOf(LF, from)
      : indexOrEnd(bytes.subarray(from, end).indexOf(LF), from, end);
    const textEnd = at > start && bytes[at - 1] === CR ? at - 1 : at;
    if (textEnd - start > this.#maxline && !partial) {
      throw this.#tooLong("line", this.#maxline);
    }
    if (at === end) {
      this.#searched = end - start;
      return MORE;
    }
    this.#consume(at + 1 - start);
    return withoutCarriageReturns(decodeUtf8(bytes, start, textEnd));
  }

  #takeAll(partial: boolean): string | typeof MORE {
    const { buffer, ended } = this.source;
    if (!partial && buffer.length > this.#maxbody) {
      throw this.#tooLong("body", this.#maxbody);
    }
    if (!ended || (partial && buffer.length === 0)) return MORE;
    const text = decodeUtf8(buffer.bytes, buffer.start, buffer.end);
    this.#consume(buffer.length);
    return text;
  }

  #takeBytes(
    size: Size,
    partial: boolean,
  ): Uint8Array<ArrayBuffer> | typeof MORE {
    const { bytes, start, length } = this.source.buffer;
    const count = countOf(size);
    if (length === 0 || (length < count && !partial)) return MORE;
    const taken = Math.min(count, length);
    this.#consume(taken);
    return copied(size, bytes, start, start + taken);
  }

  /** All complete characters that there are; a last one of which bytes are missing stays. */
  #takeText(pattern: "*l" | "*a"): string | typeof MORE {
    const { buffer, isExhausted } = this.source;
    const { bytes, start, end } = buffer;
    const textEnd = isExhausted ? end : completeTextEnd(bytes, start, end);
    if (textEnd === start) return MORE;
    const whole = decodeUtf8(bytes, start, textEnd);
    const text = pattern === "*l" ? withoutCarriageReturns(whole) : whole;
    // A CR alone is nothing yet: "" would look like an empty line.
    if (text === "") return MORE;
    this.#consume(textEnd - start);
    return text;
  }

  /** The stream is over before `pattern` was met. */
  #end(pattern: Pattern): null {
    const { buffer, failure } = this.source;
    if (buffer.length === 0 && failure === undefined) return null;
    const partial = buffer.view().slice();
    this.#consume(buffer.length);
    if (failure !== undefined) {
      throw closedError(this.failed, failure, { partial });
    }
    const wanted = typeof pattern === "string"
      ? "a line"
      : `${countOf(pattern)} bytes`;
    throw new ClosedError(
      `${this.failed}: the peer closed the connection after ${partial.length} bytes of ${wanted}`,
      { partial },
    );
  }

  #consume(count: number): void {
    this.source.buffer.start += count;
    this.#searched = 0;
  }

  #tooLong(what: string, limit: number): TooLongError {
    return new TooLongError(
      `${this.failed}: the ${what} is longer than ${limit} bytes (max${what}); ` +
        "receivepartial() takes what has come, or close the socket",
    );
  }
}

/** LuaSocket drops every CR of a line, not only the one at its end. */
function withoutCarriageReturns(line: string): string {
  return line.includes("\r") ? line.replaceAll("\r", "") : line;
}

/** Whether what was received takes much memory that is not the caller's. */
function isLarge(received: Received, pattern: Pattern): boolean {
  return received !== null && received.length > SMALL &&
    typeof pattern !== "object";
}

function indexOrEnd(index: number, from: number, end: number): number {
  return index < 0 ? end : from + index;
}

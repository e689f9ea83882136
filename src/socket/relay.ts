/**
 * Bytes both ways between two connections.
 *
 * @module
 */

import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { sleepFor } from "../core/sleep.ts";
import { checkDelay } from "../errors/arguments.ts";
import { CancelledError, TimeoutError } from "../errors/errors.ts";
import { checkSignalOption } from "../errors/wait_options.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import type { Connection } from "./connection.ts";
import { endpointOf } from "./internals.ts";
import { INCOMPLETE, ReceiveRequest } from "./pattern.ts";
import type { Receiver } from "./receiver.ts";
import type { Sender } from "./sender.ts";
import type { StreamSocket } from "./stream_socket.ts";

/** When a relay ends that its peers do not end. */
export interface RelayOptions {
  /** Seconds without a byte in either direction after which it fails with a `TimeoutError`; it may be noticed a quarter later. Default: no limit. */
  idletimeout?: number;
  /** Ends it with a `CancelledError` when it aborts. */
  signal?: AbortSignal;
}

/** How often within the idle timeout the counts are looked at. */
const LOOKS = 4;

const CALL = "relay()";

/**
 * One direction. The other side writes the bytes out of the buffer that they were
 * read into; only then the next read begins. The thread waits all the while, and
 * gets the bytes only when that can't be: it sends them, and waits once more.
 */
class Passing extends ReceiveRequest<Uint8Array<ArrayBuffer>> {
  readonly wanted = "bytes";
  /** How many bytes have been passed on. */
  passed = 0;
  readonly #scheduler: Scheduler;
  readonly #receiver: Receiver;
  readonly #sender: Sender;

  constructor(scheduler: Scheduler, receiver: Receiver, sender: Sender) {
    super();
    this.#scheduler = scheduler;
    this.#receiver = receiver;
    this.#sender = sender;
  }

  take(source: ReadSource): Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    const { buffer } = source;
    if (buffer.length === 0 || source.isLent) return INCOMPLETE;
    const bytes = buffer.view();
    // Behind the last bytes of a stream no read brings their end.
    if (source.isExhausted || !this.#mayLend) return bytes;
    // The write may fail at once, and call back before `lend` returns.
    source.isLent = true;
    if (this.#sender.sink.lend(bytes, this.#written)) {
      const { counts } = this.#scheduler;
      counts.messagesReceived++;
      counts.messagesSent++;
      return INCOMPLETE;
    }
    source.isLent = false;
    return bytes;
  }

  /** Whether the other side may write without a send. Timeouts run anew with each call: the thread has to make it. */
  get #mayLend(): boolean {
    return this.#sender.isWhole &&
      this.#sender.socket.timeouts.send === Infinity &&
      this.#receiver.socket.timeouts.receive === Infinity;
  }

  /** What was read last is with the system, or never will be: the next read may begin. */
  readonly #written = () => {
    const { source } = this.#receiver;
    source.isLent = false;
    this.#done(source.buffer.length);
    source.arm();
  };

  #done(count: number): void {
    this.#receiver.source.buffer.start += count;
    this.passed += count;
  }

  /** Passes on what comes until the stream ends. */
  async run(): Promise<void> {
    for (let bytes; (bytes = await this.#receiver.next(this)) !== null;) {
      // Waits while the other side does not read: then this one has to wait, too.
      await this.#sender.send(bytes);
      this.#done(bytes.length);
    }
  }
}

/**
 * Passes bytes on between `a` and `b` until both have ended.
 *
 * @returns how many bytes went from `a` to `b`, and from `b` to `a`
 */
export async function relay(
  scheduler: Scheduler,
  a: StreamSocket,
  b: StreamSocket,
  options: RelayOptions = {},
): Promise<[number, number]> {
  checkSignalOption(CALL, options, ["idletimeout"]);
  const { idletimeout = Infinity, signal } = options;
  checkDelay(CALL, "the idletimeout", idletimeout);
  if (a === b) {
    throw new TypeError(`${CALL}: both sockets are the same one: ${a.name}`);
  }
  const ends = [a, b].map((each) => endpointOf(each).open(CALL));
  const passing = [pass(scheduler, a, b), pass(scheduler, b, a)];
  const both = Promise.all(passing) as Promise<[number, number]>;
  if (idletimeout === Infinity && signal === undefined) {
    return await orAbort(both, passing, a, b);
  }
  const over = new AbortController();
  const watch = watchOver(scheduler, ends, idletimeout, signal, over.signal);
  try {
    await orAbort(Promise.race([both, handled(watch)]), passing, a, b);
    return await both;
  } finally {
    over.abort();
  }
}

/** When one direction fails, so does the other one, and both peers can tell that the stream was cut. */
async function orAbort<T>(
  end: Promise<T>,
  passing: Promise<number>[],
  a: StreamSocket,
  b: StreamSocket,
): Promise<T> {
  try {
    return await end;
  } catch (error) {
    a.abort();
    b.abort();
    await Promise.allSettled(passing);
    throw error;
  }
}

/** One direction. The end of the stream is passed on, too: the other direction may go on. */
async function pass(
  scheduler: Scheduler,
  from: StreamSocket,
  to: StreamSocket,
): Promise<number> {
  const { receiver } = endpointOf(from).open(CALL);
  const { sender } = endpointOf(to).open(CALL);
  const passing = new Passing(scheduler, receiver, sender);
  await passing.run();
  await to.shutdown("send");
  return passing.passed;
}

/** Fails when no byte has moved for too long, or the caller gives up. */
async function watchOver(
  scheduler: Scheduler,
  ends: Connection[],
  idletimeout: number,
  signal: AbortSignal | undefined,
  over: AbortSignal,
): Promise<never> {
  const either = signal === undefined ? over : AbortSignal.any([signal, over]);
  const { clock } = scheduler;
  let count = movedBy(ends);
  let since = clock.now();
  for (;;) {
    const seconds = Math.max(idletimeout / LOOKS, 0.001);
    try {
      await sleepFor(scheduler, seconds, { signal: either, silent: true });
    } catch (error) {
      if (!signal?.aborted || !(error instanceof CancelledError)) throw error;
      const options = { cause: signal.reason };
      throw new CancelledError(
        "Cannot relay: the signal was aborted",
        options,
      );
    }
    const now = clock.now();
    const moved = movedBy(ends);
    if (moved !== count) [count, since] = [moved, now];
    else if (now - since >= idletimeout) {
      throw new TimeoutError(
        `Cannot relay: timed out after ${idletimeout} s without a byte in either direction`,
      );
    }
  }
}

/** Grows whenever a byte has come or left. */
function movedBy(ends: Connection[]): number {
  let moved = 0;
  for (const { receiver, sender } of ends) {
    moved += receiver.source.received + sender.written;
  }
  return moved;
}

/**
 * The lock, as the last message of a subject.
 *
 * Who waits does not compare clocks: it sees that the holder has not renewed the
 * entry for longer than the lease. The holder has counted from when it sent the
 * renewal, which was earlier, so it has been told before.
 *
 * @module
 */

import type {
  ClusterLock,
  ClusterLockOptions,
  HeldLock,
} from "../cluster/lock.ts";
import { checkFunction } from "../errors/arguments.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { Engine } from "./engine.ts";
import { type EntryPlace, HeldEntry, leaseOf, takeEntry } from "./entry.ts";
import { Once } from "./once.ts";
import { delay } from "./patience.ts";

/** All locks of a cluster are in one stream, so that a token is larger than all before it. */
const STREAM = "copas_locks";
/** What a waiting program grants the holder beyond its lease, for clocks of unequal speed. */
const MARGIN = 1.05;
/** A release is told here; the rest of the subject is the lock's name. */
const FREE = "copas.free";
const NOTHING = new Uint8Array();

class Held extends HeldEntry implements HeldLock {
  readonly token: number;
  protected readonly body = NOTHING;
  readonly #name: string;

  constructor(
    engine: Engine,
    place: EntryPlace,
    seq: number,
    since: number,
    name: string,
  ) {
    super(engine, place, seq, since);
    this.token = seq;
    this.#name = name;
  }

  protected override released(): void {
    this.engine.connection.tell(`${FREE}.${this.#name}`, "");
  }
}

/** What makes the stream, once for all locks of a connection. */
const streams = new WeakMap<Engine, Once>();

function streamOf(engine: Engine): Once {
  let stream = streams.get(engine);
  if (stream === undefined) {
    const fixed = {
      subjects: ["copas.lock.*"],
      max_msgs_per_subject: 1,
      discard: "old",
    };
    const make = (signal: AbortSignal) =>
      engine.jetstream.ensureStream(STREAM, fixed, {}, signal);
    stream = new Once(engine.closing, make);
    streams.set(engine, stream);
  }
  return stream;
}

/** This program's end of a lock. */
export class NatsLock implements ClusterLock {
  readonly name: string;
  readonly #engine: Engine;
  readonly #lease: number;
  readonly #timeout: number;
  readonly #stream: Once;

  constructor(
    engine: Engine,
    { name, lease, timeout }: Required<ClusterLockOptions>,
  ) {
    this.#engine = engine;
    this.name = name;
    this.#lease = lease;
    this.#timeout = timeout;
    this.#stream = streamOf(engine);
  }

  hold(timeout?: number | WaitOptions): Promise<HeldLock> {
    return this.#engine.wait<HeldLock>({
      call: "hold()",
      what: `Cannot get the lock ${this.name}`,
      options: timeout,
      usual: this.#timeout,
      begin: (signal) => this.#take(signal),
      ondiscard: (held) => void held.release(),
    });
  }

  async with<T>(
    fn: (held: HeldLock) => T | PromiseLike<T>,
    timeout?: number | WaitOptions,
  ): Promise<T> {
    checkFunction("with()", "fn", fn);
    await using held = await this.hold(timeout);
    return await fn(held);
  }

  async #take(signal: AbortSignal): Promise<Held> {
    const { connection } = this.#engine;
    await this.#stream.done(signal);
    // Most locks are free.
    const free = await this.#try(0, signal);
    if (free !== undefined) return free;
    let rung = Promise.withResolvers<void>();
    const bell = connection.subscribe(`${FREE}.${this.name}`, () => {
      rung.resolve();
    });
    try {
      let seen = { seq: 0, at: 0 };
      for (;;) {
        rung = Promise.withResolvers();
        const read = await this.#read(seen, signal);
        ({ seen } = read);
        if (read.last === undefined) {
          await wakeOrDelay(rung.promise, read.rest, signal);
          continue;
        }
        const held = await this.#try(read.last, signal);
        if (held !== undefined) return held;
      }
    } finally {
      bell.unsubscribe();
    }
  }

  /** Looks who has the lock. `last` is what to take it by, if it can be had. */
  async #read(
    seen: { seq: number; at: number },
    signal: AbortSignal,
  ): Promise<{ seen: typeof seen; last?: number; rest: number }> {
    const { jetstream } = this.#engine;
    const entry = await jetstream.last(STREAM, this.#subject, signal);
    const at = performance.now();
    if (entry === undefined) return { seen, last: 0, rest: 0 };
    const lease = leaseOf(entry) * 1000 * MARGIN;
    if (seen.seq !== entry.seq) seen = { seq: entry.seq, at };
    const rest = seen.at + lease - at;
    return rest <= 0
      ? { seen, last: entry.seq, rest: 0 }
      : { seen, rest: Math.min(rest, lease / 4) / 1000 };
  }

  get #subject(): string {
    return `copas.lock.${this.name}`;
  }

  async #try(last: number, signal: AbortSignal): Promise<Held | undefined> {
    const place = {
      stream: STREAM,
      subject: this.#subject,
      lease: this.#lease,
      holder: crypto.randomUUID(),
    };
    const since = performance.now();
    const taken = await takeEntry(
      this.#engine,
      place,
      last,
      NOTHING,
      signal,
    );
    if (typeof taken === "object") {
      return new Held(this.#engine, place, taken.seq, since, this.name);
    }
    if (taken === "unserved") {
      this.#stream.forget();
      await this.#stream.done(signal);
    }
    return undefined;
  }
}

/** Waits for some seconds, or until the bell rings. */
async function wakeOrDelay(
  rung: Promise<void>,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const controller = new AbortController();
  const leave = () => controller.abort(signal.reason);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  const time = delay(seconds, controller.signal);
  time.catch(() => {});
  try {
    await Promise.race([rung, time]);
  } finally {
    signal.removeEventListener("abort", leave);
    controller.abort();
  }
}

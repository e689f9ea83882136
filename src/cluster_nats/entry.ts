/**
 * A stored entry that belongs to this program for as long as it renews it: what
 * a lock and a key have in common. It is the last message of its subject, and
 * each renewal is another one, which the server takes only after the last.
 *
 * @module
 */

import type { Lease } from "../cluster/lock.ts";
import type { Engine, Part } from "./engine.ts";
import type { Stored, StoredMessage } from "./jetstream.ts";
import { LeaseClock } from "./lease.ts";
import { within } from "./patience.ts";

/** Where an entry is, and whose it is. */
export interface EntryPlace {
  stream: string;
  subject: string;
  /** Seconds. */
  lease: number;
  /** A random text that no other holder has. */
  holder: string;
}

const HOLDER = "Copas-Holder";
const LEASE = "Copas-Lease";

/** Who has an entry. */
export function holderOf(message: StoredMessage): string | undefined {
  return headerOf(message, HOLDER);
}

/** For how many seconds an entry was taken. */
export function leaseOf(message: StoredMessage): number {
  return Number(headerOf(message, LEASE) ?? 0);
}

function headerOf({ headers }: StoredMessage, name: string) {
  return new RegExp(`^${name}: *(.*?)\\r?$`, "m").exec(headers)?.[1];
}

/**
 * Tries to take an entry.
 *
 * @param last the sequence that it must have just now; 0: there must be none
 */
export async function takeEntry(
  engine: Engine,
  place: EntryPlace,
  last: number,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Stored | "full" | "conflict" | "unserved"> {
  const { subject, holder, lease } = place;
  const further = { [HOLDER]: holder, [LEASE]: `${lease}` };
  try {
    const message = { id: crypto.randomUUID(), last, further };
    return await engine.jetstream.publish(subject, body, message, signal);
  } catch (error) {
    // It may be stored all the same: then it would bar all others until it lapses.
    if (signal.aborted) undo(engine, place);
    throw error;
  }
}

/** Deletes an entry that the caller does not want any more. */
function undo(engine: Engine, place: EntryPlace): void {
  within(
    place.lease,
    engine.closing,
    (signal) => deleteOwn(engine, place, signal),
  )
    // It lapses.
    .catch(() => {});
}

/** Deletes the entry if it is still this holder's. */
async function deleteOwn(
  { jetstream }: Engine,
  { stream, subject, holder }: EntryPlace,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const entry = await jetstream.last(stream, subject, signal);
    if (entry === undefined || holderOf(entry) !== holder) return;
    if (await jetstream.delete(stream, entry.seq, signal)) return;
  }
}

/** An entry that this program has. */
export abstract class HeldEntry implements Lease, Part {
  protected readonly engine: Engine;
  protected readonly place: EntryPlace;
  readonly #clock: LeaseClock;
  #seq: number;
  /** Renewals and changes follow one another. */
  #last: Promise<unknown> = Promise.resolve();
  #release?: Promise<void>;

  /** @param since when the request was sent by which it was taken */
  constructor(engine: Engine, place: EntryPlace, seq: number, since: number) {
    this.engine = engine;
    this.place = place;
    this.#seq = seq;
    this.#clock = new LeaseClock(place.lease, since, () => this.#renew());
    engine.parts.add(this);
    this.signal.addEventListener("abort", () => engine.parts.delete(this), {
      once: true,
    });
  }

  /** What is stored. */
  protected abstract get body(): Uint8Array;

  get signal(): AbortSignal {
    return this.#clock.signal;
  }

  /** Whether it was given back or lost. */
  protected get isOver(): boolean {
    return this.#clock.isLost || this.#release !== undefined;
  }

  #renew(): Promise<boolean> {
    const seconds = this.place.lease / 3;
    return within(seconds, this.signal, (signal) => this.store(signal));
  }

  /** Stores the entry anew, after what is being stored. Resolves to whether it was still this program's. */
  protected store(signal: AbortSignal): Promise<boolean> {
    const stored = this.#last.then(() => this.#store(signal));
    this.#last = stored.catch(() => {});
    return stored;
  }

  async #store(signal: AbortSignal): Promise<boolean> {
    const { engine, place } = this;
    const { subject, stream, holder, lease } = place;
    const further = { [HOLDER]: holder, [LEASE]: `${lease}` };
    for (;;) {
      signal.throwIfAborted();
      const message = { id: crypto.randomUUID(), last: this.#seq, further };
      const outcome = await engine.jetstream.publish(
        subject,
        this.body,
        message,
        signal,
      );
      if (typeof outcome === "object") {
        this.#seq = outcome.seq;
        return true;
      }
      if (outcome !== "conflict") throw new Error(`it is ${outcome}`);
      // Perhaps a renewal of our own, whose answer was lost.
      const entry = await engine.jetstream.last(stream, subject, signal);
      if (entry === undefined || holderOf(entry) !== holder) return false;
      this.#seq = entry.seq;
    }
  }

  /** Called when it was given back. */
  protected released(): void {}

  release(): Promise<void> {
    return this.#release ??= this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    if (this.#clock.isLost) return;
    this.#clock.release();
    const { engine, place } = this;
    try {
      await engine.wait({
        call: "release()",
        what: `Cannot release ${place.subject}`,
        options: place.lease,
        begin: (signal) => this.#delete(signal),
        isShielded: true,
      });
    } catch {
      // It lapses by itself.
    }
  }

  async #delete(signal: AbortSignal): Promise<void> {
    const { engine, place } = this;
    await this.#last;
    const { jetstream } = engine;
    if (!await jetstream.delete(place.stream, this.#seq, signal)) {
      await deleteOwn(engine, place, signal);
    }
    this.released();
  }

  /** The cluster is closed. */
  async end(): Promise<void> {
    await this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

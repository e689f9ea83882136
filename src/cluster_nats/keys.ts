/**
 * Keys, each as the last message of its subject, which the server drops when it
 * is older than the lease.
 *
 * @module
 */

import type {
  ClusterKeys,
  ClusterKeysOptions,
  HeldKey,
} from "../cluster/keys.ts";
import type { Codec } from "../cluster/queue.ts";
import { outOfRange, wrongType } from "../errors/arguments.ts";
import { ClosedError } from "../errors/errors.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { Engine } from "./engine.ts";
import { type EntryPlace, HeldEntry, takeEntry } from "./entry.ts";
import { Once } from "./once.ts";
import { backOff, delay } from "./patience.ts";

/** How long a key may be, in bytes. */
const LONGEST = 128;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Held<V> extends HeldEntry implements HeldKey<V> {
  readonly key: string;
  readonly #codec: Codec<V>;
  #value: V;

  constructor(
    engine: Engine,
    place: EntryPlace,
    seq: number,
    since: number,
    given: { key: string; value: V; codec: Codec<V> },
  ) {
    super(engine, place, seq, since);
    this.key = given.key;
    this.#value = given.value;
    this.#codec = given.codec;
  }

  get value(): V {
    return this.#value;
  }

  protected get body(): Uint8Array {
    return this.#codec.encode(this.#value);
  }

  update(value: V, options?: number | WaitOptions): Promise<void> {
    const what = `Cannot update the key ${this.key}`;
    return this.engine.wait({
      call: "update()",
      what,
      options,
      begin: async (signal) => {
        this.#codec.encode(value);
        if (this.isOver) throw new ClosedError(`${what}: it is not held`);
        this.#value = value;
        if (await this.store(signal)) return;
        throw new ClosedError(`${what}: its lease was lost`);
      },
    });
  }
}

/** This program's end of a set of keys. */
export class NatsKeys<V> implements ClusterKeys<V> {
  readonly name: string;
  readonly #engine: Engine;
  readonly #lease: number;
  readonly #codec: Codec<V>;
  readonly #stream: Once;

  constructor(
    engine: Engine,
    { name, lease, codec }: Required<ClusterKeysOptions<V>>,
  ) {
    this.#engine = engine;
    this.name = name;
    this.#lease = lease;
    this.#codec = codec;
    this.#stream = new Once(
      engine.closing,
      (signal) =>
        engine.jetstream.ensureStream(this.#streamName, {
          subjects: [`${this.#prefix}*`],
          max_msgs_per_subject: 1,
          discard: "old",
        }, {
          max_age: lease * 1e9,
          duplicate_window: Math.min(lease, 120) * 1e9,
        }, signal),
    );
  }

  get #streamName(): string {
    return `copas_keys_${this.name}`;
  }

  get #prefix(): string {
    return `copas.keys.${this.name}.`;
  }

  take(
    key: string,
    value: V,
    options?: number | WaitOptions,
  ): Promise<HeldKey<V> | undefined> {
    return this.#engine.wait<HeldKey<V> | undefined>({
      call: "take()",
      what: `Cannot take the key ${key}`,
      options,
      begin: (signal) => this.#take(checkKey("take()", key), value, signal),
      ondiscard: (held) => void held?.release(),
    });
  }

  async #take(
    key: string,
    value: V,
    signal: AbortSignal,
  ): Promise<HeldKey<V> | undefined> {
    const place = {
      stream: this.#streamName,
      subject: this.#subjectOf(key),
      lease: this.#lease,
      holder: crypto.randomUUID(),
    };
    const body = this.#codec.encode(value);
    for (let i = 0;; i++) {
      await this.#stream.done(signal);
      const since = performance.now();
      const taken = await takeEntry(this.#engine, place, 0, body, signal);
      if (typeof taken === "object") {
        const given = { key, value, codec: this.#codec };
        return new Held(this.#engine, place, taken.seq, since, given);
      }
      if (taken === "conflict") return undefined;
      if (taken === "unserved") this.#stream.forget();
      await delay(backOff(i, 0.02, 0.5), signal);
    }
  }

  get(key: string, options?: number | WaitOptions): Promise<V | undefined> {
    return this.#engine.wait({
      call: "get()",
      what: `Cannot get the key ${key}`,
      options,
      begin: async (signal) => {
        checkKey("get()", key);
        await this.#stream.done(signal);
        return await this.#read(this.#subjectOf(key), signal);
      },
    });
  }

  async #read(subject: string, signal: AbortSignal): Promise<V | undefined> {
    const entry = await this.#engine.jetstream.last(
      this.#streamName,
      subject,
      signal,
    );
    return entry && this.#codec.decode(entry.data);
  }

  list(options?: number | WaitOptions): Promise<Map<string, V>> {
    return this.#engine.wait({
      call: "list()",
      what: `Cannot list the keys of ${this.name}`,
      options,
      begin: (signal) => this.#list(signal),
    });
  }

  async #list(signal: AbortSignal): Promise<Map<string, V>> {
    await this.#stream.done(signal);
    const { subjects = {} } = await this.#engine.jetstream.state(
      this.#streamName,
      signal,
      ">",
    );
    const values = new Map<string, V>();
    await Promise.all(
      Object.keys(subjects).map(async (subject) => {
        const key = this.#keyOf(subject);
        // Another program has published there; it is no key of ours.
        if (key === undefined) return;
        const value = await this.#read(subject, signal);
        if (value !== undefined) values.set(key, value);
      }),
    );
    return values;
  }

  /** The key whose subject it is, if it is one's. */
  #keyOf(subject: string): string | undefined {
    const text = subject.slice(this.#prefix.length);
    try {
      const key = decoder.decode(
        Uint8Array.fromBase64(text, { alphabet: "base64url" }),
      );
      return this.#subjectOf(key) === subject ? key : undefined;
    } catch {
      return undefined;
    }
  }

  #subjectOf(key: string): string {
    const bytes = encoder.encode(key);
    const options = { alphabet: "base64url", omitPadding: true } as const;
    return this.#prefix + bytes.toBase64(options);
  }
}

function checkKey(call: string, key: unknown): string {
  const expected = `a well-formed text of 1 to ${LONGEST} bytes`;
  if (typeof key !== "string") throw wrongType(call, "the key", expected, key);
  const { length } = encoder.encode(key);
  // Half a surrogate pair has no bytes of its own: such keys would be one.
  if (length >= 1 && length <= LONGEST && key.isWellFormed()) return key;
  throw outOfRange(call, "the key", expected, key);
}

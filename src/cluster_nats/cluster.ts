/**
 * The cluster, on NATS JetStream.
 *
 * @module
 */

import type {
  Cluster,
  ClusterStatus,
  SubscribeOptions,
  Subscription,
} from "../cluster/cluster.ts";
import type { ClusterKeys, ClusterKeysOptions } from "../cluster/keys.ts";
import type { ClusterLock, ClusterLockOptions } from "../cluster/lock.ts";
import type { ClusterQueue, ClusterQueueOptions } from "../cluster/queue.ts";
import {
  checkDelay,
  checkInteger,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { Engine, Part } from "./engine.ts";
import { NatsKeys } from "./keys.ts";
import { NatsLock } from "./lock.ts";
import { NatsQueue } from "./queue.ts";
import {
  readKeysOptions,
  readLockOptions,
  readQueueOptions,
} from "./settings.ts";
import { NatsSubscription } from "./subscription.ts";

/** How many messages of a subscription wait to be taken. */
const MAX_PENDING = 10_000;
/** Seconds for the workers' jobs when the cluster is closed. */
const GRACE = 10;
/** How long a subject may be, in characters. */
const LONGEST_SUBJECT = 1024;
/** What the engine uses itself. */
const RESERVED = /^(\$|_INBOX\.|copas\.(queue|lock|keys|free)(\.|$))/;

/** A connection to NATS servers, and what it gives. */
export class NatsCluster implements Cluster {
  readonly #engine: Engine;
  #close?: Promise<void>;

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.connection.onEnd(() => engine.close());
  }

  queue<T = unknown>(options: ClusterQueueOptions<T>): ClusterQueue<T> {
    return new NatsQueue(this.#engine, readQueueOptions(options));
  }

  lock(options: ClusterLockOptions): ClusterLock {
    return new NatsLock(this.#engine, readLockOptions(options));
  }

  keys<V = unknown>(options: ClusterKeysOptions<V>): ClusterKeys<V> {
    return new NatsKeys(this.#engine, readKeysOptions(options));
  }

  publish(
    subject: string,
    data: string | Uint8Array,
    options?: number | WaitOptions,
  ): Promise<void> {
    return this.#engine.wait({
      call: "publish()",
      what: `Cannot publish to ${subject}`,
      options,
      begin: async (signal) => {
        checkSubject("publish()", subject, /^[^\s.*>]+(\.[^\s.*>]+)*$/);
        if (typeof data !== "string" && !(data instanceof Uint8Array)) {
          const expected = "a string or a Uint8Array";
          throw wrongType("publish()", "the data", expected, data);
        }
        await this.#engine.connection.publish(subject, data, signal);
      },
    });
  }

  subscribe(subject: string, options: SubscribeOptions = {}): Subscription {
    const call = "subscribe()";
    const pattern = /^([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?$|^>$/;
    checkSubject(call, subject, pattern);
    checkKeys(call, "the options", options, ["maxpending"]);
    const { maxpending = MAX_PENDING } = options;
    checkInteger(call, "maxpending", maxpending, 1);
    this.#engine.checkOpen(`Cannot subscribe to ${subject}`);
    return new NatsSubscription(this.#engine, subject, maxpending);
  }

  status(): ClusterStatus {
    const { connection } = this.#engine;
    const { isConnected: connected, server, reconnects, buffered } = connection;
    return { connected, server, reconnects, buffered };
  }

  close(options: { grace?: number } = {}): Promise<void> {
    checkKeys("close()", "the options", options, ["grace"]);
    const { grace = GRACE } = options;
    checkDelay("close()", "grace", grace);
    return this.#close ??= this.#end(grace);
  }

  async #end(grace: number): Promise<void> {
    const engine = this.#engine;
    const { connection } = engine;
    engine.drain();
    const parts = [...engine.parts];
    for (const part of parts) part.rest?.();
    if (!connection.isClosed) {
      const isDone = await this.#ended(parts, grace);
      if (!isDone) {
        for (const part of parts) part.cut?.();
        await this.#ended(parts, 1);
      }
    }
    engine.close();
    // The dispatcher has to be driven, for what is still to be sent.
    await engine.waitAtMost(1, connection.close());
  }

  /** Waits until all parts have ended. Resolves to whether they have in time. */
  async #ended(parts: Part[], seconds: number): Promise<boolean> {
    const all = Promise.all(parts.map((part) => part.end?.()));
    return await this.#engine.waitAtMost(seconds, all);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function checkSubject(call: string, subject: unknown, form: RegExp): void {
  const expected =
    `words with dots between them, at most ${LONGEST_SUBJECT} characters`;
  if (typeof subject !== "string") {
    throw wrongType(call, "the subject", expected, subject);
  }
  // A server ends the connection at a line of more than 4096 bytes.
  if (
    !form.test(subject) || subject.includes("\0") ||
    subject.length > LONGEST_SUBJECT
  ) {
    throw outOfRange(call, "the subject", expected, subject);
  }
  if (!RESERVED.test(subject)) return;
  throw outOfRange(call, "the subject", "one that Copas does not use", subject);
}

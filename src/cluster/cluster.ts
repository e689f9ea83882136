/**
 * What an engine gives a program: the queue, the lock, publish and subscribe,
 * and keys, over processes and machines.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";
import type { ClusterKeys, ClusterKeysOptions } from "./keys.ts";
import type { ClusterLock, ClusterLockOptions } from "./lock.ts";
import type { ClusterQueue, ClusterQueueOptions } from "./queue.ts";

/** A message that was published. */
export interface Message {
  /** What it was published under: `"chat.room1"`. */
  readonly subject: string;
  /** Its bytes. */
  readonly data: Uint8Array;
  /** The same as text. */
  readonly text: string;
}

/** How a program subscribes. */
export interface SubscribeOptions {
  /** How many messages wait to be taken at most; of more, the newest are dropped and counted. Default: 10 000. */
  maxpending?: number;
}

/**
 * The messages of a subscription, from the call of `subscribe` on. While a thread
 * waits for one it keeps `loop()` going, as a server does; after `exit()` the
 * iteration ends.
 */
export interface Subscription extends AsyncIterableIterator<Message> {
  /** What was subscribed to. */
  readonly subject: string;
  /** How many messages were dropped because the program did not take them. */
  readonly dropped: number;
  /**
   * Takes the next message; waits while there is none.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: no limit
   * @returns the message, or `done` after the end
   * @throws {TimeoutError} when none came
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  next(
    timeout?: number | WaitOptions,
  ): Promise<IteratorResult<Message, undefined>>;
  /** Ends the subscription: no more messages come, and iterations end. */
  close(): void;
}

/** The counters of a connection to an engine. */
export interface ClusterStatus {
  /** Whether the engine is reached at the moment. */
  readonly connected: boolean;
  /** The server, where there is a connection. */
  readonly server?: string;
  /** How often the connection has been lost and made anew. */
  readonly reconnects: number;
  /** How many bytes wait to be sent. */
  readonly buffered: number;
}

/**
 * Tools that processes and machines share. `connect` of an engine makes it.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * await cluster.publish("chat.room1", "hello");
 * ```
 */
export interface Cluster extends AsyncDisposable {
  /**
   * Makes this program's end of a queue.
   *
   * @param options its name, and what holds for it
   * @returns the queue
   * @throws {TypeError} when an option is unknown or of the wrong type, or
   * `attempts` is given without `dead`
   * @throws {RangeError} when a number is out of range
   */
  queue<T = unknown>(options: ClusterQueueOptions<T>): ClusterQueue<T>;
  /**
   * Makes this program's end of a lock.
   *
   * @param options its name, and what holds for it
   * @returns the lock
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when a number is out of range
   */
  lock(options: ClusterLockOptions): ClusterLock;
  /**
   * Makes this program's end of a set of keys.
   *
   * @param options its name, and what holds for it
   * @returns the keys
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when a number is out of range
   */
  keys<V = unknown>(options: ClusterKeysOptions<V>): ClusterKeys<V>;
  /**
   * Publishes a message to all that have subscribed: at most once. It is lost
   * for those that are not connected just then; who needs more takes a queue.
   *
   * @param subject words with dots between them: `"chat.room1"`
   * @param data text or bytes
   * @param options seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: no limit
   * @returns resolves when the message is on its way, or in the buffer of the
   * connection, which is bounded: while it is full, the call waits
   * @throws {TimeoutError} when the time was up
   * @throws {TooLongError} when the message has more bytes than the engine takes
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the subject or the data is of the wrong type
   */
  publish(
    subject: string,
    data: string | Uint8Array,
    options?: number | WaitOptions,
  ): Promise<void>;
  /**
   * Subscribes to messages.
   *
   * @param subject a subject, in which `*` stands for any word, and `>` at the
   * end for any words: `"chat.*"`
   * @param options how many messages may wait. Default: 10 000
   * @returns the messages that are published from now on
   * @throws {TypeError} when the subject or an option is of the wrong type
   * @throws {ClosedError} when the cluster was closed
   */
  subscribe(subject: string, options?: SubscribeOptions): Subscription;
  /**
   * Tells how the connection is.
   *
   * @returns its counters
   */
  status(): ClusterStatus;
  /**
   * Ends it: workers finish the job that they have, what is held is given back,
   * and the connection is closed.
   *
   * @param options `grace`: seconds for the workers' jobs; after them the jobs
   * are cut, and other workers get them. Default: 10
   * @returns resolves when the connection is closed
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when `grace` is negative or `NaN`
   */
  close(options?: { grace?: number }): Promise<void>;
}

/**
 * A subscription: messages that wait, at most so many, to be taken.
 *
 * @module
 */

import type { Msg } from "npm:@nats-io/nats-core@^3.4.0";
import type { Message, Subscription } from "../cluster/cluster.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { Engine, Part } from "./engine.ts";
import { onAbort } from "./patience.ts";

const END: IteratorResult<Message, undefined> = {
  done: true,
  value: undefined,
};
const decoder = new TextDecoder();

class ReceivedMessage implements Message {
  readonly subject: string;
  readonly data: Uint8Array;

  constructor({ subject, data }: Msg) {
    this.subject = subject;
    this.data = data;
  }

  get text(): string {
    return decoder.decode(this.data);
  }
}

/** The messages of one subject or pattern. */
export class NatsSubscription implements Subscription, Part {
  readonly subject: string;
  readonly #engine: Engine;
  readonly #subscription: { unsubscribe(): void };
  readonly #maxPending: number;
  readonly #messages: Message[] = [];
  readonly #waiting = new Set<PromiseWithResolvers<void>>();
  #dropped = 0;
  #isClosed = false;

  constructor(engine: Engine, subject: string, maxpending: number) {
    this.#engine = engine;
    this.subject = subject;
    this.#maxPending = maxpending;
    const { connection } = engine;
    this.#subscription = connection.subscribe(
      subject,
      (message) => this.#arrived(message),
    );
    engine.parts.add(this);
    engine.watchExit();
  }

  get dropped(): number {
    return this.#dropped;
  }

  #arrived(message: Msg): void {
    // Not reading from the connection would stop jobs and renewals as well, and
    // the server would close it.
    if (this.#messages.length >= this.#maxPending) {
      this.#dropped++;
      return;
    }
    this.#messages.push(new ReceivedMessage(message));
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      return waiting.resolve();
    }
  }

  next(
    timeout?: number | WaitOptions,
  ): Promise<IteratorResult<Message, undefined>> {
    return this.#engine.wait({
      call: "next()",
      what: `Cannot get a message of ${this.subject}`,
      options: timeout,
      begin: (signal) => this.#next(signal),
      // In its place again: the wait had ended before.
      ondiscard: ({ value }) => value && this.#messages.unshift(value),
    });
  }

  async #next(
    signal: AbortSignal,
  ): Promise<IteratorResult<Message, undefined>> {
    for (;;) {
      const value = this.#messages.shift();
      if (value !== undefined) return { done: false, value };
      if (this.#isClosed || this.#engine.isResting) return END;
      const waiting = Promise.withResolvers<void>();
      this.#waiting.add(waiting);
      try {
        await onAbort(waiting.promise, signal);
      } finally {
        this.#waiting.delete(waiting);
      }
    }
  }

  rest(): void {
    for (const waiting of this.#waiting) waiting.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#engine.parts.delete(this);
    this.#subscription.unsubscribe();
    this.rest();
  }

  /** The loop over the messages was left. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.close();
    return Promise.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

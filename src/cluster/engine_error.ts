/**
 * What an engine says when it refuses a call.
 *
 * @module
 */

/** What an {@linkcode EngineError} is made with. */
export interface EngineErrorOptions extends ErrorOptions {
  /** The engine's own number for the failure. Default: none. */
  reply?: number;
  /** The engine's own words. Default: none. */
  text?: string;
}

/**
 * The engine refuses a call: the account lacks a right, a stream of that name
 * belongs to another program, the server has no storage.
 *
 * Waiting would not help, so it is thrown at once. What passes by itself (a
 * server that is down, a queue that is full) is waited for instead.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { EngineError } from "jsr:@copas/copas/cluster";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * try {
 *   await cluster.queue({ name: "jobs" }).push("first");
 * } catch (error) {
 *   if (!(error instanceof EngineError)) throw error;
 *   console.log(error.reply, error.text);
 * }
 * ```
 */
export class EngineError extends Error {
  /** The name of the class. */
  override readonly name = "EngineError";
  /** The engine's own number for the failure, where it has one. */
  readonly reply?: number;
  /** The engine's own words, where it has said any. */
  readonly text?: string;

  /**
   * Makes the error.
   *
   * @param message says what failed
   * @param options the engine's number and words, and the `cause`. Default: none
   */
  constructor(message: string, options: EngineErrorOptions = {}) {
    super(message, options);
    if (options.reply !== undefined) this.reply = options.reply;
    if (options.text !== undefined) this.text = options.text;
  }
}

/**
 * The error of a text that is no UTF-8.
 *
 * @module
 */

import { CopasError } from "./errors.ts";

/**
 * A text that was asked for with `fatal: true` is no UTF-8.
 *
 * Its bytes were taken, the delimiter after them too: the next receive goes on
 * behind them. A program that knows their encoding decodes `partial`; another
 * refuses the message.
 *
 * @example
 * ```ts
 * import copas, { EncodingError } from "jsr:@copas/copas";
 *
 * const skt = await copas.socket.connect("127.0.0.1", 8080);
 * try {
 *   console.log(await skt.receiveuntil("\r\n", { fatal: true }));
 * } catch (error) {
 *   if (!(error instanceof EncodingError)) throw error;
 *   console.log(new TextDecoder("iso-8859-1").decode(error.partial));
 * }
 * ```
 */
export class EncodingError extends CopasError {
  /** The name of the class. */
  override readonly name = "EncodingError";
  /** Always `"encoding"`. */
  readonly code = "encoding" as const;
  /** The bytes of the text, without the delimiter. No later call delivers them. */
  readonly partial: Uint8Array;

  /**
   * Makes the error.
   *
   * @param message says what failed
   * @param options the bytes, as `partial`, and the `cause`
   */
  constructor(
    message: string,
    options: ErrorOptions & { partial: Uint8Array },
  ) {
    super(message, options);
    this.partial = options.partial;
  }
}

/**
 * The error for a server that refuses a request.
 *
 * @module
 */

import { CopasError } from "../errors/errors.ts";

/** What a {@linkcode ReplyError} says about the server's answer. */
export interface ReplyErrorOptions extends ErrorOptions {
  /** The server's code: 550, 407. 0: it gave none. */
  reply: number;
  /** The text of the server's answer. Default: `""`. */
  text?: string;
  /** Of a mail: the recipients that the server refused. Default: none. */
  refused?: string[];
  /** Of a mail: the recipients to which the server delivers the mail although it refused others. Default: none. */
  accepted?: string[];
}

/**
 * The server answered, and refused the request: a login or a recipient that it
 * does not accept, a file that it does not have, a proxy that does not connect,
 * a redirect that must not be followed. LuaSocket returns `nil` and the server's
 * reply in its place.
 *
 * A code of 400 to 499 from a mail or FTP server is for the moment: the same
 * request may succeed later. One of 500 and above is final.
 *
 * @example
 * ```ts
 * import { get, ReplyError } from "jsr:@copas/copas/ftp";
 *
 * try {
 *   await get("ftp://ftp.example.com/pub/missing.txt");
 * } catch (error) {
 *   if (!(error instanceof ReplyError)) throw error;
 *   console.log(error.reply, error.text); // 550 No such file
 * }
 * ```
 */
export class ReplyError extends CopasError {
  /** The name of the class. */
  override readonly name = "ReplyError";
  /** Always `"refused"`. */
  readonly code = "refused" as const;
  /** The server's code: 550, 407. 0: it gave none. */
  readonly reply: number;
  /** The text of the server's answer; `""` when it gave none. */
  readonly text: string;
  /** Of a mail: the recipients that the server refused. */
  readonly refused: string[];
  /** Of a mail: the recipients to which the server delivers the mail although it refused others. Don't send it to them again. */
  readonly accepted: string[];

  /**
   * Makes the error.
   *
   * @param message says what failed
   * @param options the server's answer, and the `cause`
   */
  constructor(message: string, options: ReplyErrorOptions) {
    super(message, options);
    this.reply = options.reply;
    this.text = options.text ?? "";
    this.refused = options.refused ?? [];
    this.accepted = options.accepted ?? [];
  }
}

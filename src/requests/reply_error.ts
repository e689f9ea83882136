/**
 * The error for a server that said no.
 *
 * @module
 */

import { CopasError } from "../errors/errors.ts";

/** What a {@linkcode ReplyError} can tell. */
export interface ReplyErrorOptions extends ErrorOptions {
  /** The server's code. */
  reply: number;
  /** What the server said. */
  text?: string;
  /** Mail: the recipients that were refused. */
  refused?: string[];
  /** Mail: the recipients that have got the message nevertheless. */
  accepted?: string[];
}

/**
 * The server answered, and its answer is the end of the request: a login or a
 * recipient refused, a file that is not there, a proxy that does not connect, a
 * redirect that must not be followed.
 *
 * LuaSocket returns `nil` and the server's reply in its place.
 */
export class ReplyError extends CopasError {
  /** The name of the class. */
  override readonly name = "ReplyError";
  /** Always `"refused"`. */
  readonly code = "refused" as const;
  /** The server's code: 550, 407. 0 where it gave none. */
  readonly reply: number;
  /** What the server said. */
  readonly text: string;
  /** Mail: the recipients that were refused. */
  readonly refused: string[];
  /** Mail: the recipients that have got the message nevertheless. Don't send it to them again. */
  readonly accepted: string[];

  /** Makes the error; `options` tell what the server said. */
  constructor(message: string, options: ReplyErrorOptions) {
    super(message, options);
    this.reply = options.reply;
    this.text = options.text ?? "";
    this.refused = options.refused ?? [];
    this.accepted = options.accepted ?? [];
  }
}

/**
 * What a mail server says of a mail, and a session for several mails.
 *
 * @module
 */

import type { MailParams } from "./params.ts";

/** A mail that the server has taken. */
export interface Sent {
  /** The code of its answer: 250. */
  reply: number;
  /** The text of its answer: `"2.0.0 Ok: queued as 4F1C2D"`. */
  text: string;
  /** The name under which the server keeps the mail (its queue id), where its answer has it in one of the forms that are common. */
  id?: string;
  /** The recipients. */
  accepted: string[];
}

/**
 * A session with a mail server, as `open` gives it. It sends one mail at a time.
 *
 * When the server refuses a sender or all recipients, the session goes on. After
 * any other failure it is closed, also where only some recipients are refused:
 * the connection has to be broken, so that the others don't get the mail. A
 * server may close a session that was idle for too long: the next call is a
 * `ClosedError` then.
 */
export interface OpenSmtp extends AsyncDisposable {
  /**
   * Sends a mail. Everything that a `send` of its own throws may be thrown here.
   *
   * @param params the mail
   * @returns resolves to the server's answer when it has taken the mail
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {ReplyError} when the server refuses the sender, a recipient or the
   * message
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session sends another mail
   */
  send(params: MailParams): Promise<Sent>;
  /**
   * Ends the session. A mail that it sends just then is broken off.
   *
   * @returns resolves when it is closed
   */
  close(): Promise<void>;
}

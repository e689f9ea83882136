/**
 * Mail by SMTP, with the API of LuaSocket's and Copas's `smtp`.
 *
 * @example A mail
 * ```ts
 * import { send } from "jsr:@copas/copas/smtp";
 *
 * await send({
 *   from: "me@example.com",
 *   rcpt: ["fred@example.com", "mary@example.com"],
 *   message: {
 *     headers: {
 *       From: "Me <me@example.com>",
 *       To: "Fred <fred@example.com>, Mary <mary@example.com>",
 *       Subject: "Grüße",
 *     },
 *     body: "Hello!",
 *   },
 *   server: "mail.example.com",
 *   port: 587,
 *   secure: "required",
 *   user: "me",
 *   password: Deno.env.get("MAIL_PASSWORD"),
 * });
 * ```
 *
 * @module
 */

import copas from "../../mod.ts";
import type { RequestHost } from "../requests/host.ts";
import { send as sendBy } from "./send.ts";
import type { SmtpParams } from "./params.ts";

export type { Source } from "../requests/content.ts";
export type { RequestHost } from "../requests/host.ts";
export type { CommonParams, RequestTimeouts } from "../requests/parameters.ts";
export { ReplyError, type ReplyErrorOptions } from "../requests/reply_error.ts";
export {
  type Attachment,
  type Message,
  message,
  type MessageContent,
} from "./message.ts";
export type { SmtpParams } from "./params.ts";

/** Mail by one dispatcher. */
export interface Smtp {
  /**
   * Sends a mail. Where the server refuses one of several recipients, nobody
   * gets it.
   *
   * @returns 1
   * @throws {ReplyError} when the server refuses the login, the sender, a
   * recipient (`refused` has them all) or the message
   * @throws {TimeoutError} when it did not go on for 60 seconds
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ClosedError} when it closed the connection too early
   */
  send(params: SmtpParams): Promise<1>;
}

/** Mail by another dispatcher than the default one, or by a narrower view of it. */
export function smtpFor(host: RequestHost): Smtp {
  return { send: (params) => sendBy(host, params) };
}

/** Sends a mail by the default dispatcher; see {@linkcode Smtp}. */
export const send: Smtp["send"] = smtpFor(copas).send;

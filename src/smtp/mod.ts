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

import copas from "../copas/default.ts";
import { checkHost, type RequestHost } from "../requests/host.ts";
import { paced } from "../requests/paced.ts";
import type { OpenSmtp, Sent } from "./open.ts";
import type { SmtpParams, SmtpServerParams } from "./params.ts";
import { open as openBy, send as sendBy } from "./send.ts";

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
export type { Dkim } from "./dkim.ts";
export type { OpenSmtp, Sent } from "./open.ts";
export type {
  MailParams,
  Secure,
  SmtpParams,
  SmtpServerParams,
} from "./params.ts";

/** Mail by one dispatcher, or by a narrower view of one. */
export interface Smtp {
  /**
   * Sends a mail. When the server refuses one of several recipients, Copas sends
   * the mail to none of them. An error that the caller's source or content
   * throws ends the request, and rejects it as it is.
   *
   * @param params the mail, the server and the login
   * @returns resolves to the server's answer when it has taken the mail
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {ReplyError} when the server refuses the login, the sender, a recipient
   * (`refused` has all of those) or the message
   * @throws {TimeoutError} when one call of a socket took longer than `timeout`
   * @throws {CancelledError} when the thread was removed or `signal` aborted
   * @throws {ClosedError} when the server closed a connection before the end
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ScopeError} when the dispatcher's network scope does not allow the server
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there
   * @throws {Deno.errors.NotFound} when the host is unknown
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   *
   * @example
   * ```ts
   * import { send } from "jsr:@copas/copas/smtp";
   *
   * await send({
   *   from: "me@example.com",
   *   rcpt: "fred@example.com",
   *   message: { headers: { Subject: "Hello" }, body: "How are you?" },
   *   server: "mail.example.com",
   * });
   * ```
   */
  send(params: SmtpParams): Promise<Sent>;
  /**
   * Opens a session: connects and logs in, for several mails one after the other.
   * The session belongs to the thread that opens it, and ends when that is
   * removed.
   *
   * @param params the server and the login
   * @returns resolves to the session, which has to be closed
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {ReplyError} when the server refuses the login
   * @throws {TimeoutError} when one call of a socket took longer than `timeout`
   * @throws {CancelledError} when the thread was removed or `signal` aborted
   * @throws {ClosedError} when the server closed the connection before the end
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ScopeError} when the dispatcher's network scope does not allow the server
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there
   * @throws {Deno.errors.NotFound} when the host is unknown
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   *
   * @example
   * ```ts
   * import { open } from "jsr:@copas/copas/smtp";
   *
   * await using session = await open({ server: "mail.example.com" });
   * for (const rcpt of ["fred@example.com", "mary@example.com"]) {
   *   const message = { headers: { Subject: "Hello", To: rcpt }, body: "Hi!" };
   *   const { text } = await session.send({ from: "me@example.com", rcpt, message });
   *   console.log(rcpt, text);
   * }
   * ```
   */
  open(params: SmtpServerParams): Promise<OpenSmtp>;
}

/**
 * Sends mail by another dispatcher than the default one, or by a narrower view
 * of one.
 *
 * @param host the dispatcher or view. Its sockets carry the mail, and its
 * network scope holds for them
 * @returns `send` and `open`, as this module exports them for the default dispatcher
 * @throws {TypeError} when `host` is no dispatcher
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { smtpFor } from "jsr:@copas/copas/smtp";
 *
 * const { send } = smtpFor(copas.scoped({ net: ["mail.example.com:25"] }));
 * await send({
 *   from: "me@example.com",
 *   rcpt: "fred@example.com",
 *   message: { headers: { Subject: "Hello" }, body: "How are you?" },
 *   server: "mail.example.com",
 * });
 * ```
 */
export function smtpFor(host: RequestHost): Smtp {
  checkHost("smtpFor()", host);
  return {
    send: (params) => paced(host, sendBy(host, params)),
    open: (params) => paced(host, openBy(host, params)),
  };
}

const own = smtpFor(copas);

/**
 * Sends a mail by the default dispatcher. It resolves to the server's answer when
 * it has taken the mail.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among the parameters is out of range
 * @throws {ReplyError} when the server refuses the login, the sender, a recipient
 * (`refused` has all of those) or the message
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`, or 60 seconds
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { send } from "jsr:@copas/copas/smtp";
 *
 * await send({
 *   from: "me@example.com",
 *   rcpt: "fred@example.com",
 *   message: { headers: { Subject: "Hello" }, body: "How are you?" },
 *   server: "mail.example.com",
 * });
 * ```
 */
export const send: Smtp["send"] = own.send;
/**
 * Opens a session by the default dispatcher: connects and logs in, for several mails one after the other.
 * The session belongs to the thread that opens it, and ends when that is
 * removed.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among them is out of range
 * @throws {ReplyError} when the server refuses the login
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed the connection before the end
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { open } from "jsr:@copas/copas/smtp";
 *
 * await using session = await open({ server: "mail.example.com" });
 * for (const rcpt of ["fred@example.com", "mary@example.com"]) {
 *   const message = { headers: { Subject: "Hello", To: rcpt }, body: "Hi!" };
 *   const { text } = await session.send({ from: "me@example.com", rcpt, message });
 *   console.log(rcpt, text);
 * }
 * ```
 */
export const open: Smtp["open"] = own.open;

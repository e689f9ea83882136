/**
 * What nodemailer's errors mean.
 *
 * @module
 */

import type SMTPConnection from "npm:nodemailer@^10.6.0/lib/smtp-connection";
import { ClosedError, HandshakeError } from "../errors/errors.ts";
import { ReplyError } from "../requests/reply_error.ts";

interface Envelope {
  rejected: string[];
  rejectedErrors: LibraryError[];
}

/** The library tells of refused recipients only when the others have got the mail. In here it knows before. */
function envelopeOf(connection: object): Envelope {
  const { _envelope } = connection as { _envelope?: Envelope };
  return _envelope ?? { rejected: [], rejectedErrors: [] };
}

/** As in LuaSocket: where one recipient is refused, no recipient gets the mail, and it can be sent again. */
export function refuseRejected(connection: SMTPConnection): void {
  const { rejected } = envelopeOf(connection);
  if (rejected.length > 0) throw refusal(connection, []);
}

/** The error of a mail that not every recipient gets. */
export function refusal(
  connection: SMTPConnection,
  accepted: string[],
): ReplyError {
  const { rejected, rejectedErrors } = envelopeOf(connection);
  const [first] = rejectedErrors;
  const text = String(first?.response ?? "");
  return new ReplyError(
    `the server refuses ${rejected.join(", ")}: ${text}; ${
      accepted.length === 0 ? "nothing was" : "the others were"
    } sent`,
    {
      reply: first?.responseCode ?? 0,
      text,
      refused: rejected,
      accepted,
      cause: first,
    },
  );
}

/** What the library's error means. */
export function told(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const { message, responseCode, response, rejected } = error as LibraryError;
  const options = { cause: error };
  // Where the socket itself is well, it is TLS that has failed.
  const isTls = error.code === "ETLS" || error.code === "ESOCKET";
  if (isTls) return new HandshakeError(message, options);
  // So old a server knows no STARTTLS.
  if (message.startsWith("EHLO failed but")) {
    return new HandshakeError(message, options);
  }
  if (responseCode !== undefined) {
    return new ReplyError(
      rejected === undefined
        ? message
        : `the server refuses ${
          rejected.join(", ")
        }: ${response}; nothing was sent`,
      {
        ...options,
        reply: responseCode,
        text: response,
        refused: rejected,
      },
    );
  }
  // A reply without a code, one that can't be expected here, or one without end.
  if (error.code === "EPROTOCOL" || response !== undefined) {
    return new Deno.errors.InvalidData(message, options);
  }
  // What the server has said of itself excludes the login or the mail.
  if (["EAUTH", "EMESSAGE", "EENVELOPE"].includes(String(error.code))) {
    return new ReplyError(message, { ...options, reply: 0 });
  }
  const gone = ["ECONNECTION", "ECONNRESET"];
  return gone.includes(String(error.code))
    ? new ClosedError(message, options)
    : error;
}

interface LibraryError extends Error {
  responseCode?: number;
  response?: string;
  rejected?: string[];
}

/**
 * Sends mails: each in a session of its own, or several in one.
 *
 * @module
 */

import { formatAddress } from "../net/address.ts";
import type { RequestHost } from "../requests/host.ts";
import { observed } from "../requests/observed.ts";
import { checkCommon, checkParams } from "../requests/parameters.ts";
import { requestError } from "../requests/request_error.ts";
import { signed } from "./dkim.ts";
import type { OpenSmtp, Sent } from "./open.ts";
import {
  type Mail,
  MAIL_KEYS,
  type MailParams,
  type MailServer,
  readMail,
  readServer,
  SERVER_KEYS,
  type SmtpParams,
  type SmtpServerParams,
} from "./params.ts";
import { type Info, SmtpSession } from "./session.ts";

/** Sends a mail, in a session of its own. */
export async function send(
  host: RequestHost,
  params: SmtpParams,
): Promise<Sent> {
  checkParams("send()", params, [...MAIL_KEYS, ...SERVER_KEYS]);
  const server = readServer("send()", params);
  const mail = await signed("send()", readMail("send()", params), params.dkim);
  return await named(host, server, async () => {
    const session = await SmtpSession.open(host, server, mail.rcpt.length);
    try {
      const sent = sentOf(await session.send(mail, server.signal));
      await session.end();
      return sent;
    } finally {
      session.close();
    }
  });
}

/** Opens a session, for several mails. */
export async function open(
  host: RequestHost,
  params: SmtpServerParams,
): Promise<OpenSmtp> {
  checkParams("open()", params, SERVER_KEYS);
  const server = readServer("open()", params);
  const session = await named(
    host,
    server,
    () => SmtpSession.open(host, server, 1),
  );
  const end = () => session.end();
  return {
    async send(given: MailParams): Promise<Sent> {
      checkParams("send()", given, [...MAIL_KEYS, "signal"]);
      checkCommon("send()", given);
      const read: Mail = readMail("send()", given);
      const mail = await signed("send()", read, given.dkim);
      return await named(
        host,
        server,
        async () => sentOf(await session.send(mail, given.signal)),
      );
    },
    close: end,
    [Symbol.asyncDispose]: end,
  };
}

/** The errors of `work` say which server it was. */
async function named<T>(
  host: RequestHost,
  { server, port }: MailServer,
  work: () => Promise<T>,
): Promise<T> {
  const attributes = {
    "network.protocol.name": "smtp",
    "server.address": server,
    "server.port": port,
  };
  const start = { name: "smtp", attributes };
  return await observed(
    host,
    "copas.client.request.duration",
    start,
    async () => {
      try {
        return await work();
      } catch (error) {
        const address = formatAddress(server, port);
        throw requestError(`Cannot send mail by smtp://${address}`, error);
      }
    },
  );
}

/** How servers say under which name they keep a mail: Postfix, Exim, Sendmail and OpenSMTPD, Gmail. */
const ID = [
  /\bqueued (?:mail )?(?:as|for delivery as) <?([^\s<>;]+)/i,
  /\bid=<?([^\s<>;]+)/i,
  /^(?:2\.\d\.\d )?(\S+) Message accepted/i,
  /^2\.0\.0 OK +(?:\d+ )?(\S+) - gsmtp/i,
];

function sentOf({ accepted, response = "" }: Info): Sent {
  const [, code = "0", text] = /^(\d{3})?[ -]?(.*)$/s.exec(response.trim())!;
  const id = ID.map((pattern) => pattern.exec(text)?.[1]).find((each) => each);
  return {
    reply: Number(code),
    text,
    ...(id === undefined ? {} : { id }),
    accepted,
  };
}

/**
 * The parameters of a mail, and their check.
 *
 * @module
 */

import {
  checkInteger,
  checkString,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { type Content, readSource, type Source } from "../requests/content.ts";
import {
  checkCommon,
  checkKeys,
  checkOneLine,
  type CommonParams,
  readTimeouts,
} from "../requests/parameters.ts";
import { type Message, message } from "./message.ts";

/** How TLS secures the connection to a mail server. */
export type Secure = "offered" | "required" | "implicit" | "none";

/** The parameters of a mail: the message, the server and the login. */
export interface SmtpParams extends CommonParams {
  /** The address of the sender, to which servers return what they can't deliver: `"me@example.com"`, also in angle brackets. `"<>"`: none. */
  from: string;
  /** The address of the recipient, or of several: `"fred@example.com"`, also in angle brackets. */
  rcpt: string | string[];
  /** The message as it is sent: headers, a blank line, the body. `message` makes one. Needed where there is no `message`. */
  source?: Source;
  /** The message by its headers, content and attachments, in place of `source`. */
  message?: Message;
  /** The server, a name or an address. Default: `"localhost"`. */
  server?: string;
  /** The server's port. Default: 25, and 465 with `secure: "implicit"`. */
  port?: number;
  /** The host name that the client gives in its greeting (`EHLO`). Default: `"localhost"`. */
  domain?: string;
  /** The user that logs in. Default: no login. */
  user?: string;
  /** The user's password. Needed where there is a `user`. */
  password?: string;
  /**
   * How TLS secures the connection. `"offered"`: by STARTTLS if the server
   * offers it, else not at all. `"required"`: by STARTTLS; the request fails when
   * the server does not offer it. `"implicit"`: from the first byte. `"none"`: no
   * TLS; the password and the mail go in clear. Default: `"implicit"` for port
   * 465, else `"required"` with a `user`, and `"offered"` without one. With
   * `"offered"`, an attacker between client and server can remove the offer, and
   * read the mail; so with a `user` it is the same as `"required"`.
   */
  secure?: Secure;
}

/** A mail that has been checked. */
export interface Mail {
  readonly from: string;
  readonly rcpt: string[];
  readonly content: Content;
  readonly server: string;
  readonly port: number;
  readonly domain: string;
  readonly login?: { user: string; pass: string };
  readonly secure: Secure;
  readonly sslparams: SslParams | SslParamsSource;
  readonly signal?: AbortSignal;
  readonly timeouts: Timeouts;
}

const KEYS = [
  "from",
  "rcpt",
  "source",
  "message",
  "server",
  "port",
  "domain",
  "user",
  "password",
  "secure",
  "sslparams",
  "signal",
  "timeout",
] as const;
const SECURE = ["offered", "required", "implicit", "none"];
const PORT = 25;
const TLS_PORT = 465;

/**
 * Checks the parameters of a mail.
 *
 * @param call names the call in the message of an error: `"send()"`
 * @throws {TypeError} when a parameter is unknown, missing or of the wrong type
 * @throws {RangeError} when a number is out of range, or `rcpt` is empty
 */
export function readParams(call: string, params: SmtpParams): Mail {
  checkKeys(call, params, KEYS);
  checkCommon(call, params);
  const { server = "localhost", domain = "localhost", user, password } = params;
  for (const [name, text] of Object.entries({ server, domain })) {
    checkOneLine(call, `the ${name}`, text);
    if (!/^[^\s<>@/]+$/.test(text)) {
      // Not shown: what is written before an @ may be a password.
      throw new TypeError(`${call}: the ${name} must be a host name`);
    }
  }
  if (params.port !== undefined) {
    checkInteger(call, "the port", params.port, 1, 65535);
  }
  const isTlsPort = params.port === TLS_PORT;
  const { secure = isTlsPort ? "implicit" : "offered" } = params;
  if (!SECURE.includes(secure)) {
    throw wrongType(
      call,
      "secure",
      '"offered", "required", "implicit", "none"',
      secure,
    );
  }
  const port = params.port ?? (secure === "implicit" ? TLS_PORT : PORT);
  if ((user === undefined) !== (password === undefined)) {
    throw new TypeError(`${call}: user and password must be given together`);
  }
  for (const [name, text] of Object.entries({ user, password })) {
    if (text !== undefined) checkOneLine(call, `the ${name}`, text);
  }
  return {
    from: address(call, "from", params.from, true),
    rcpt: recipients(call, params.rcpt),
    content: contentOf(call, params),
    server,
    port,
    domain,
    login: user === undefined ? undefined : { user, pass: password! },
    // A password goes over TLS, unless the caller writes out that it does not.
    secure: user !== undefined && secure === "offered" ? "required" : secure,
    sslparams: params.sslparams ?? {},
    signal: params.signal,
    timeouts: readTimeouts(call, params.timeout),
  };
}

function recipients(call: string, rcpt: unknown): string[] {
  const all = Array.isArray(rcpt) ? rcpt : [rcpt];
  if (all.length === 0) {
    throw outOfRange(call, "rcpt", "one recipient or more", rcpt);
  }
  return all.map((each) => address(call, "rcpt", each));
}

/** Reads an address, without its brackets. Refuses one that could end the command of the protocol or add an argument to it. */
function address(
  call: string,
  name: string,
  given: unknown,
  mayBeEmpty = false,
): string {
  checkString(call, name, given);
  checkOneLine(call, name, given);
  const text = (given as string).trim().replace(/^<(.*)>$/, "$1");
  if (text === "" && mayBeEmpty && given !== "") return "";
  if (
    !/^(?:"[^"<>\p{Cc}]*"|[^\s"<>\p{Cc}]+)(?:@[^\s"<>@\p{Cc}]+)?$/u.test(text)
  ) {
    throw wrongType(call, name, 'an address as "me@example.com"', given);
  }
  return text;
}

function contentOf(call: string, params: SmtpParams): Content {
  const { source } = params;
  if ((source === undefined) === (params.message === undefined)) {
    throw new TypeError(`${call}: one of source and message must be given`);
  }
  return readSource(call, source ?? message(params.message!));
}

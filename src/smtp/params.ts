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
  checkOneLine,
  type CommonParams,
  readTimeouts,
} from "../requests/parameters.ts";
import { callerCode } from "../requests/request_error.ts";
import type { Dkim } from "./dkim.ts";
import { type Message, message } from "./message.ts";

/** How TLS secures the connection to a mail server. */
export type Secure = "offered" | "required" | "implicit" | "none";

/** The parameters of a mail. */
export interface MailParams {
  /** The address of the sender, to which servers return what they can't deliver: `"me@example.com"`, also in angle brackets. `"<>"`: none. */
  from: string;
  /** The address of the recipient, or of several: `"fred@example.com"`, also in angle brackets. */
  rcpt: string | string[];
  /** The message as it is sent: headers, a blank line, the body. `message` makes one. Needed where there is no `message`. */
  source?: Source;
  /** The message by its headers, content and attachments, in place of `source`. */
  message?: Message;
  /** Signs the mail, which is in memory until it is sent then. Default: it is not signed. */
  dkim?: Dkim;
  /** Ends the request with a `CancelledError` when it aborts. Default: none. */
  signal?: AbortSignal;
}

/** The parameters of a session: the server and the login. */
export interface SmtpServerParams extends CommonParams {
  /** The server, a name or an address. Default: `"localhost"`. */
  server?: string;
  /** The server's port. Default: 25, and 465 with `secure: "implicit"`. */
  port?: number;
  /** The host name that the client gives in its greeting (`EHLO`). Default: `"localhost"`. */
  domain?: string;
  /** The user that logs in. Default: no login. */
  user?: string;
  /** The user's password. Needed where there is a `user`, unless there is an `accessToken`. */
  password?: string;
  /**
   * The user's token of OAuth2, for servers that take it (XOAUTH2), in place of
   * a password; or a function that gives it. It is called once more, with `true`,
   * when the server says that the first token is not good (334). Default: none.
   */
  accessToken?: string | ((renew: boolean) => string | Promise<string>);
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

/** The parameters of a mail with a session of its own: the mail, the server and the login. */
export interface SmtpParams extends MailParams, SmtpServerParams {}

/** A login that has been checked. */
export interface Login {
  readonly user: string;
  readonly pass?: string;
  readonly token?: (renew: boolean) => Promise<string>;
}

/** A mail that has been checked. */
export interface Mail {
  readonly from: string;
  readonly rcpt: string[];
  readonly content: Content;
}

/** A server and a login that have been checked. */
export interface MailServer {
  readonly server: string;
  readonly port: number;
  readonly domain: string;
  readonly login?: Login;
  readonly secure: Secure;
  readonly sslparams: SslParams | SslParamsSource;
  readonly signal?: AbortSignal;
  readonly timeouts: Timeouts;
}

/** The names of a mail's own parameters. */
export const MAIL_KEYS = ["from", "rcpt", "source", "message", "dkim"];
/** The names of a server's. */
export const SERVER_KEYS = [
  "server",
  "port",
  "domain",
  "user",
  "password",
  "accessToken",
  "secure",
  "sslparams",
  "signal",
  "timeout",
];
const SECURE = ["offered", "required", "implicit", "none"];
const PORT = 25;
const TLS_PORT = 465;

/**
 * Checks the parameters of a server and a login.
 *
 * @param call names the call in the message of an error: `"send()"`
 * @throws {TypeError} when a parameter is unknown, missing or of the wrong type
 * @throws {RangeError} when a number is out of range
 */
export function readServer(call: string, params: SmtpServerParams): MailServer {
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
  const { accessToken } = params;
  const secrets = [password, accessToken].filter((each) => each !== undefined);
  if (secrets.length !== (user === undefined ? 0 : 1)) {
    throw new TypeError(
      `${call}: user and password must be given together, or user and accessToken`,
    );
  }
  for (const [name, text] of Object.entries({ user, password })) {
    if (text !== undefined) checkOneLine(call, `the ${name}`, text);
  }
  return {
    server,
    port,
    domain,
    login: user === undefined
      ? undefined
      : { user, pass: password, token: tokenOf(call, accessToken) },
    // A password goes over TLS, unless the caller writes out that it does not.
    secure: user !== undefined && secure === "offered" ? "required" : secure,
    sslparams: params.sslparams ?? {},
    signal: params.signal,
    timeouts: readTimeouts(call, params.timeout),
  };
}

/**
 * Checks the parameters of a mail.
 *
 * @param call names the call in the message of an error: `"send()"`
 * @throws {TypeError} when a parameter is missing or of the wrong type
 * @throws {RangeError} when `rcpt` is empty
 */
export function readMail(call: string, params: MailParams): Mail {
  return {
    from: address(call, "from", params.from, true),
    rcpt: recipients(call, params.rcpt),
    content: contentOf(call, params),
  };
}

function tokenOf(
  call: string,
  given: SmtpServerParams["accessToken"],
): Login["token"] {
  if (given === undefined) return undefined;
  const check = (token: unknown) => {
    // Not shown: it is as good as a password.
    if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
    throw new TypeError(`${call}: the accessToken must be one word of ASCII`);
  };
  if (typeof given === "function") {
    return (renew) => callerCode(async () => check(await given(renew)));
  }
  const token = check(given);
  return () => Promise.resolve(token);
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

function contentOf(call: string, params: MailParams): Content {
  const { source } = params;
  if ((source === undefined) === (params.message === undefined)) {
    throw new TypeError(`${call}: one of source and message must be given`);
  }
  return readSource(call, source ?? message(params.message!));
}

/**
 * What it takes to send a mail, and the check of it.
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

/** A mail, and the server that takes it. */
export interface SmtpParams extends CommonParams {
  /** The sender's address: where bounces go. `"me@example.com"`, also in angle brackets. `"<>"` is nobody. */
  from: string;
  /** The recipients' addresses. */
  rcpt: string | string[];
  /** The message as it is sent: headers, a blank line, the body. `smtp.message` makes one. */
  source?: Source;
  /** The message by its parts, in place of `source`. */
  message?: Message;
  /** The server. Default: `"localhost"`. */
  server?: string;
  /** Its port. Default: 25, and 465 with `secure: "implicit"`. */
  port?: number;
  /** The name by which this side introduces itself. Default: `"localhost"`. */
  domain?: string;
  /** Who logs in. Default: nobody does. */
  user?: string;
  /** The password of `user`. */
  password?: string;
  /**
   * How the connection is secured. `"offered"`: by STARTTLS, if the server
   * offers it. `"required"`: by STARTTLS, or nothing is sent. `"implicit"`: from
   * the first byte. Default: `"implicit"` for port 465, else `"offered"`. Without
   * `"required"`, somebody on the way can keep the server from offering it.
   */
  secure?: "offered" | "required" | "implicit";
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
  readonly secure: "offered" | "required" | "implicit";
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
const SECURE = ["offered", "required", "implicit"];
const PORT = 25;
const TLS_PORT = 465;

/** Checks the parameters of `call`. */
export function readParams(call: string, params: SmtpParams): Mail {
  checkKeys(call, params, KEYS);
  checkCommon(call, params);
  const { server = "localhost", domain = "localhost", user, password } = params;
  for (const [name, text] of Object.entries({ server, domain })) {
    checkOneLine(call, `the ${name}`, text);
    if (!/^[^\s<>]+$/.test(text)) {
      throw wrongType(call, `the ${name}`, "a host name", text);
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
      '"offered", "required", "implicit"',
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
    secure,
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

/** An address without its brackets. Whatever could end the command, or begin another argument of it, is refused. */
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

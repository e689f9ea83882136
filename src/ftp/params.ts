/**
 * The parameters of FTP requests, and their check.
 *
 * @module
 */

import { checkFunction, checkInteger, wrongType } from "../errors/arguments.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { Sink, Source, Step } from "../requests/content.ts";
import {
  checkCommon,
  checkOneLine,
  checkParams,
  type CommonParams,
  hostOf,
  readTimeouts,
  readUrl,
  unescape,
  userOf,
} from "../requests/parameters.ts";

/**
 * The server and the login of an FTP request. A parameter that stands by itself
 * is taken in place of that part of the `url`.
 */
export interface FtpParams extends CommonParams {
  /** `ftp://user:password@host:port/path;type=i`, or `ftps://` for TLS from the first byte. The path is relative to the directory of the login; `%2F` begins an absolute one. Needed where there is no `host`. */
  url?: string | URL;
  /** The server, a name or an address. Default: that of `url`. */
  host?: string;
  /** The server's port. Default: that of `url`, else 21, and 990 with `secure: "implicit"`. */
  port?: number;
  /** The path of the file. Default: that of `url`. */
  path?: string;
  /** The user that logs in. Default: that of `url`, else `"ftp"`, which is anonymous. */
  user?: string;
  /** The user's password. Default: that of `url`, else `"anonymous@anonymous.org"`. */
  password?: string;
  /** `"i"`: the bytes as they are. `"a"`: text, whose line ends the server converts. Default: that of `url`, else `"i"`. */
  type?: "a" | "i";
  /** `"explicit"`: TLS by `AUTH TLS`, before the login. `"implicit"`: TLS from the first byte. Both are for commands and data. `false`: no TLS. Default: `false`, and `"implicit"` with `ftps:`. */
  secure?: false | "explicit" | "implicit";
}

/** The parameters of a `get`. */
export interface FtpGetParams extends FtpParams {
  /** The stream or function that takes the content. */
  sink: Sink;
  /** The request calls it with each chunk, and how many bytes it was so far. Default: none. */
  step?: Step;
  /** How many bytes of the file to leave out: those that an earlier, broken `get` has got. A server that can't is a `ReplyError`. Default: 0. */
  offset?: number;
}

/** An entry of a folder. */
export interface FtpEntry {
  /** Its name, without the folder; never a path. */
  name: string;
  /** What it is, as far as the server says. */
  type: "file" | "directory" | "link" | "unknown";
  /** In bytes; 0 where the server does not say. */
  size: number;
  /** When its content changed last, where the server says it exactly (by MLSD). */
  modified?: Date;
}

/** The parameters of a `put`. */
export interface FtpPutParams extends FtpParams {
  /** The content of the file: text (sent as UTF-8), bytes, or a stream of them. */
  source: Source;
  /** The request calls it with each chunk, and how many bytes it was so far. Default: none. */
  step?: Step;
}

/** The parameters of one command, or of several in one session. */
export interface FtpCommandParams extends FtpParams {
  /** The command, such as `"dele"`; or several, sent one after the other. */
  command: string | string[];
  /** The argument of the command; for several commands a list, in the same order. Default: none. */
  argument?: string | (string | undefined)[];
  /** The code that every reply must have, or a pattern of it such as `"2.."`; another one is a `ReplyError`. Default: every code below 400. */
  check?: number | string;
}

/** The checked parameters that all FTP requests have. */
export interface FtpTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly user: string;
  readonly password: string;
  readonly type: "a" | "i";
  readonly secure: false | "explicit" | "implicit";
  readonly sslparams: SslParams | SslParamsSource;
  readonly signal?: AbortSignal;
  readonly timeouts: Timeouts;
}

const KEYS = [
  "url",
  "host",
  "port",
  "path",
  "user",
  "password",
  "type",
  "secure",
  "sslparams",
  "signal",
  "timeout",
];
const SECURE = [false, "explicit", "implicit"];
const PORT = 21;
const TLS_PORT = 990;

/**
 * Checks the parameters that all FTP requests have.
 *
 * @param call names the call in the message of an error: `"get()"`
 * @param more the names of the parameters that only this call has
 * @throws {TypeError} when a parameter is unknown, missing or of the wrong type
 * @throws {RangeError} when a number is out of range
 */
export function readTarget(
  call: string,
  params: FtpParams & { step?: Step },
  more: string[],
): FtpTarget {
  checkParams(call, params, [...KEYS, ...more]);
  checkCommon(call, params);
  if (params.step !== undefined) checkFunction(call, "step", params.step);
  const given = { ...fromUrl(call, params.url), ...defined(params) };
  const { host, port, path = "", type = "i", secure = false } = given;
  if (host === undefined) {
    throw new TypeError(`${call}: the host is missing; give url or host`);
  }
  checkOneLine(call, "the host", host);
  if (!/^[^\s/@]+$/.test(host)) {
    // Not shown: what is written before an @ may be a password.
    throw new TypeError(`${call}: the host must be a name or an address`);
  }
  if (port !== undefined) checkInteger(call, "the port", port, 1, 65535);
  if (type !== "a" && type !== "i") {
    throw wrongType(call, "the type", '"a" or "i"', type);
  }
  if (!SECURE.includes(secure)) {
    throw wrongType(call, "secure", 'false, "explicit", "implicit"', secure);
  }
  const { user = "ftp", password = "anonymous@anonymous.org" } = given;
  for (const [name, text] of Object.entries({ path, user, password })) {
    checkOneLine(call, `the ${name}`, text);
  }
  return {
    host,
    port: port ?? (secure === "implicit" ? TLS_PORT : PORT),
    path,
    user,
    password,
    type,
    secure,
    sslparams: params.sslparams ?? {},
    signal: params.signal,
    timeouts: readTimeouts(call, params.timeout),
  };
}

function defined(params: FtpParams): FtpParams {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined),
  );
}

function fromUrl(call: string, given?: string | URL): FtpParams {
  if (given === undefined) return {};
  const url = readUrl(call, given, ["ftp:", "ftps:"]);
  const [, escaped, type] = /^\/?(.*?)(?:;type=(.*))?$/i.exec(url.pathname)!;
  return {
    host: hostOf(url),
    path: unescape(call, "the path", escaped),
    ...(type === undefined ? {} : { type: type as "a" }),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(url.protocol === "ftps:" ? { secure: "implicit" } : {}),
    ...userOf(call, url),
  };
}

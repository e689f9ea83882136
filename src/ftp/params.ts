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
  checkKeys,
  checkOneLine,
  type CommonParams,
  hostOf,
  readTimeouts,
  readUrl,
  unescape,
  userOf,
} from "../requests/parameters.ts";

/** Where an FTP request goes, and who asks. */
export interface FtpParams extends CommonParams {
  /** `ftp://user:password@host:port/path;type=i`, or `ftps://` for TLS from the first byte. The path is relative to where the login leads; `%2F` begins an absolute one. */
  url?: string | URL;
  /** The server, where there is no URL. */
  host?: string;
  /** Its port. Default: 21, and 990 with `secure: "implicit"`. */
  port?: number;
  /** The file, where there is no URL. */
  path?: string;
  /** Who logs in. Default: `"ftp"`, which is anonymous. */
  user?: string;
  /** The password. Default: `"anonymous@anonymous.org"`. */
  password?: string;
  /** `"i"`: the bytes as they are; `"a"`: text, whose lines the server ends in its own way. Default: `"i"`. */
  type?: "a" | "i";
  /** `"explicit"`: TLS by `AUTH TLS`, before the login. `"implicit"`: from the first byte. Both for commands and data. Default: `false`, and `"implicit"` with `ftps:`. */
  secure?: false | "explicit" | "implicit";
}

/** A file to be got. */
export interface FtpGetParams extends FtpParams {
  /** Where the content goes. */
  sink: Sink;
  /** Called with each chunk, and the bytes so far. */
  step?: Step;
}

/** A file to be put. */
export interface FtpPutParams extends FtpParams {
  /** The content. */
  source: Source;
  /** Called with each chunk, and the bytes so far. */
  step?: Step;
}

/** A command, or several. */
export interface FtpCommandParams extends FtpParams {
  /** The command, as `"dele"`; or several, one after the other. */
  command: string | string[];
  /** Its argument; for several commands theirs, in the same order. */
  argument?: string | (string | undefined)[];
  /** What the replies have to be: a code, or a pattern of one as `"2.."`. Default: no error, that is below 400. */
  check?: number | string;
}

/** Where a checked request goes. */
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

/** Checks the parameters of `call`, which also has those that `more` names. */
export function readTarget(
  call: string,
  params: FtpParams & { step?: Step },
  more: string[],
): FtpTarget {
  checkKeys(call, params, [...KEYS, ...more]);
  checkCommon(call, params);
  if (params.step !== undefined) checkFunction(call, "step", params.step);
  const given = { ...fromUrl(call, params.url), ...defined(params) };
  const { host, port, path = "", type = "i", secure = false } = given;
  if (host === undefined) {
    throw new TypeError(`${call}: the host is missing; give url or host`);
  }
  checkOneLine(call, "the host", host);
  if (!/^[^\s/@]+$/.test(host)) {
    throw wrongType(call, "the host", "a name or an address", host);
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

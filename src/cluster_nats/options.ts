/**
 * The options of `connect`, read and checked.
 *
 * @module
 */

import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
} from "npm:@nats-io/nats-core@^3.4.0";
import {
  checkInteger,
  checkSeconds,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
} from "../tls/params.ts";
import type { ConnectionSettings } from "./connection.ts";
import type { ClusterHost } from "./transport.ts";

/** How to connect to NATS. */
export interface NatsOptions extends WaitOptions {
  /** The dispatcher that carries the connection: a `Copas`, or a narrower view of one. */
  copas: ClusterHost;
  /** How many servers keep each queue, lock and key: 1, 3 or 5. Default: as many as do already, or 1. */
  replicas?: number;
  /** How the connection is secured. Default: not, unless the address begins with `tls://` or the server demands it. */
  sslparams?: SslParams | SslParamsSource;
  /** The user. Default: that of the address, if it has one. */
  user?: string;
  /** The password of `user`. */
  password?: string;
  /** A token, in place of a user. */
  token?: string;
  /** The seed of an nkey, in place of a user: `"SUA…"`. */
  nkey?: string;
  /** The text of a credentials file, in place of a user. */
  creds?: string;
  /** The name under which the servers list the connection. Default: `"copas"`. */
  name?: string;
  /** Seconds for one attempt to connect. Default: 5. */
  connecttimeout?: number;
  /** Seconds between the checks that the server still answers. Two without an answer, and the connection is made again. Default: 5. */
  heartbeat?: number;
  /** How many bytes wait to be sent until `publish` waits as well. Default: 1 MiB. */
  maxbuffered?: number;
}

/** What `connect` goes by. */
export interface ConnectOptions {
  settings: ConnectionSettings;
  replicas?: number;
  timeout?: number;
  signal?: AbortSignal;
}

const CALL = "connect()";
const KEYS = [
  ...["copas", "replicas", "sslparams", "user", "password", "token", "nkey"],
  ...["creds", "name", "connecttimeout", "heartbeat", "maxbuffered"],
];
const TEXTS = ["user", "password", "token", "nkey", "creds", "name"] as const;

/** Reads what `connect` was given. */
export function readOptions(
  servers: string | string[],
  options: NatsOptions,
): ConnectOptions {
  checkWaitOptions(CALL, options ?? {}, KEYS);
  const { copas, replicas, timeout, signal } = options ?? {};
  if (typeof copas?.socket?.tcp !== "function") {
    throw wrongType(CALL, "copas", "a Copas", copas);
  }
  if (replicas !== undefined) checkInteger(CALL, "replicas", replicas, 1, 5);
  const { connecttimeout = 5, heartbeat = 5, maxbuffered = 2 ** 20 } = options;
  checkPositive("connecttimeout", connecttimeout);
  checkPositive("heartbeat", heartbeat);
  checkInteger(CALL, "maxbuffered", maxbuffered, 1);
  for (const key of TEXTS) {
    const value = options[key];
    if (value !== undefined && typeof value !== "string") {
      // The value may be a secret.
      throw new TypeError(`${CALL}: ${key} must be a string`);
    }
  }
  const urls = (Array.isArray(servers) ? servers : [servers]).map(readServer);
  if (urls.length === 0) {
    throw new RangeError(`${CALL}: there must be at least one server`);
  }
  const isSecure = urls.some((url) => url.protocol === "tls:");
  const sslparams = options.sslparams ?? (isSecure ? {} : undefined);
  if (sslparams !== undefined) checkSslParams(CALL, sslparams, "client");
  return {
    replicas,
    timeout,
    signal,
    settings: {
      host: copas,
      sslparams,
      timeout: connecttimeout,
      maxbuffered,
      client: {
        servers: urls.map((url) => url.host),
        name: options.name ?? "copas",
        pingInterval: heartbeat * 1000,
        maxPingOut: 2,
        ...loginOf(options, urls[0]),
      },
    },
  };
}

function readServer(given: string): URL {
  const expected = 'an address as "nats://10.0.0.5:4222"';
  if (typeof given !== "string") {
    throw wrongType(CALL, "a server", expected, given);
  }
  const text = given.includes("://") ? given : `nats://${given}`;
  // The scheme has to be one whose host is read as a host.
  const url = URL.parse(text);
  if (url === null || !["nats:", "tls:"].includes(url.protocol) || !url.host) {
    // It may contain a password.
    throw new TypeError(`${CALL}: a server must be ${expected}`);
  }
  if (url.port === "") url.port = "4222";
  return url;
}

function loginOf(
  { user, password, token, nkey, creds }: NatsOptions,
  url: URL,
): {
  user?: string;
  pass?: string;
  token?: string;
  authenticator?: Authenticator;
} {
  const encoder = new TextEncoder();
  if (nkey !== undefined) {
    return { authenticator: nkeyAuthenticator(encoder.encode(nkey)) };
  }
  if (creds !== undefined) {
    return { authenticator: credsAuthenticator(encoder.encode(creds)) };
  }
  if (token !== undefined) return { token };
  if (user !== undefined) return { user, pass: password };
  if (url.username === "") return {};
  const name = decodeURIComponent(url.username);
  if (url.password === "") return { token: name };
  return { user: name, pass: decodeURIComponent(url.password) };
}

function checkPositive(name: string, seconds: unknown): void {
  checkSeconds(CALL, name, seconds);
  if ((seconds as number) > 0 && (seconds as number) < Infinity) return;
  throw outOfRange(CALL, name, "a number of seconds, more than 0", seconds);
}

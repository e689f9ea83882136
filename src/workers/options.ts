/**
 * How workers are started: their options, and what they are made of.
 *
 * @module
 */

import {
  checkDelay,
  checkInteger,
  checkString,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { formatAddress } from "../net/address.ts";
import {
  hasUnstableNet,
  portSharingUnavailable,
} from "../net/address_error.ts";
import {
  pickServerOptions,
  SERVER_KEYS,
  type ServerOptions,
} from "../server/options.ts";
import type { ServeOrder } from "./messages.ts";
import { postableSslParams, type WorkerSslParams } from "./ssl_files.ts";

/**
 * Where workers listen, what they may do, and how each of them serves:
 * `maxConnections`, for example, holds for one worker.
 */
export interface WorkersOptions extends ServerOptions {
  /** The address of this machine; `"*"` is every address. */
  hostname: string;
  /** The port that they share. 0 is any free port: `workers.addr` tells it. */
  port: number;
  /** How many. Default: one for each processor. */
  count?: number;
  /**
   * What Deno grants them, at most what this process has. A worker may always
   * listen on its own address; what is not named it may not do. `"none"` is
   * nothing but that. Default: what this process has. Needs
   * `--unstable-worker-options`.
   */
  permissions?: Deno.PermissionOptions;
  /** Seconds that a worker which is stopped or replaced has for its last connections. Default: 30. */
  grace?: number;
  /**
   * Seconds within which a worker has to answer: the main thread pings it four
   * times as often, and replaces it when it answers to none. `Infinity`:
   * never. Default: 5.
   */
  heartbeat?: number;
  /**
   * Seconds that a worker may take to load the handler's module, `onmessage`
   * included, and to listen; then it is replaced, and the first ones fail
   * `ready`. `Infinity`: no limit. Default: 60.
   */
  starttimeout?: number;
  /**
   * Secures the connections: text in PEM, or `file:` URLs that each worker reads
   * when it starts. Default: what the handler's module exports as `sslparams`,
   * or no TLS.
   */
  sslparams?: WorkerSslParams;
  /** How many connections the system keeps for each worker until they are accepted. Default: 4096. */
  backlog?: number;
}

/** The names of all options. The type makes sure that none is missing. */
const KEYS: readonly string[] = [
  ...Object.keys(
    {
      hostname: true,
      port: true,
      count: true,
      permissions: true,
      grace: true,
      heartbeat: true,
      starttimeout: true,
      backlog: true,
      sslparams: true,
    } satisfies Record<
      Exclude<keyof WorkersOptions, keyof ServerOptions>,
      true
    >,
  ),
  ...SERVER_KEYS,
];

/** What workers are made of. */
export interface WorkerSettings {
  source: string;
  order: ServeOrder;
  permissions?: Deno.PermissionOptions;
  grace: number;
  heartbeat: number;
  starttimeout: number;
  count: number;
}

/**
 * Refuses what is no object, and the address of a Unix socket, before it is taken for one that is wrong.
 * SO_REUSEPORT is for ports, and Deno 2.9.6 hands no listener to a worker.
 *
 * @throws {TypeError} when it is either
 */
export function refuseUnixSocket(options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw wrongType("addworkers()", "the options", "an object", options);
  }
  if (!("path" in options)) return;
  throw new TypeError(
    "addworkers(): workers can't share a Unix socket; give hostname and port, or serve the socket by addserver()",
  );
}

/** Reads the options; everything wrong is refused before anything is started. */
export function workerSettings(
  module: URL,
  options: WorkersOptions,
): WorkerSettings {
  const call = "addworkers()";
  if (!(module instanceof URL)) {
    const expected = 'a URL: new URL("./handler.ts", import.meta.url)';
    throw wrongType(call, "the module", expected, module);
  }
  checkKeys(call, "the options", options, KEYS);
  const {
    port,
    count = navigator.hardwareConcurrency,
    permissions,
    grace = 30,
    heartbeat = 5,
    starttimeout = 60,
    backlog = 4096,
  } = options;
  checkString(call, "hostname", options.hostname);
  const hostname = options.hostname === "*" ? "0.0.0.0" : options.hostname;
  checkInteger(call, "port", port, 0, 65535);
  checkInteger(call, "count", count, 1, 1024);
  checkInteger(call, "backlog", backlog, 1, 2 ** 31 - 1);
  checkPermissions(call, permissions);
  checkDelay(call, "grace", grace);
  checkDelay(call, "heartbeat", heartbeat);
  checkDelay(call, "starttimeout", starttimeout);
  for (const [name, value] of Object.entries({ heartbeat, starttimeout })) {
    if (value > 0) continue;
    const expected = "a number of seconds above 0, or Infinity";
    throw outOfRange(call, name, expected, value);
  }
  const sslparams = options.sslparams === undefined
    ? undefined
    : postableSslParams(call, options.sslparams);
  const server = pickServerOptions(call, options);
  const { name = `tcp{server}: ${formatAddress(hostname, port)}` } = server;
  // Deno ends the process where reusePort is used without the flag.
  if (!hasUnstableNet()) throw portSharingUnavailable(call, hostname, port);
  return {
    source: sourceOf(module),
    order: {
      ...{ kind: "serve", hostname, port, backlog, heartbeat, sslparams },
      ...server,
      name,
    },
    permissions: permissions === "none" ? {} : permissions,
    grace,
    heartbeat,
    starttimeout,
    count,
  };
}

/**
 * The worker's dispatcher is the default one, so that a handler that imports
 * Copas has the same. The handler's module comes last: modules are evaluated in
 * this order, and `worker.ts` needs globals that no other code has touched.
 */
function sourceOf(module: URL): string {
  const from = (url: string | URL) =>
    `from ${JSON.stringify(new URL(url, import.meta.url).href)};\n`;
  return `import { work } ${from("./worker.ts")}` +
    `import copas ${from("../../mod.ts")}` +
    `import * as handler ${from(module)}work(copas, handler);\n`;
}

const KINDS: readonly string[] = Object.keys(
  {
    env: true,
    ffi: true,
    import: true,
    net: true,
    read: true,
    run: true,
    sys: true,
    write: true,
  } satisfies Record<keyof Deno.PermissionOptionsObject, true>,
);

/**
 * Refuses what can't be the permissions of a worker.
 *
 * @param call names the call in the message of an error
 * @throws {TypeError} when they can't
 */
export function checkPermissions(call: string, permissions: unknown): void {
  if (["none", "inherit", undefined].includes(permissions as string)) return;
  const expected = '"none", "inherit", or an object such as { read: true }';
  if (
    typeof permissions !== "object" || permissions === null ||
    Array.isArray(permissions)
  ) {
    throw wrongType(call, "permissions", expected, permissions);
  }
  checkKeys(call, "the permissions", permissions, KINDS);
  for (const [kind, value] of Object.entries(permissions)) {
    if (value === undefined || isGrant(value)) continue;
    const expected = 'a boolean, "inherit", or an array of strings and URLs';
    throw wrongType(call, `the permission ${kind}`, expected, value);
  }
}

function isGrant(value: unknown): boolean {
  if (!Array.isArray(value)) {
    return typeof value === "boolean" || value === "inherit";
  }
  return value.every((entry) =>
    typeof entry === "string" || entry instanceof URL
  );
}

/**
 * How workers are started: their options, and what they are made of.
 *
 * @module
 */

import {
  checkDelay,
  checkInteger,
  checkString,
  wrongType,
} from "../errors/arguments.ts";
import { formatAddress } from "../net/address.ts";
import { pickServerOptions, type ServerOptions } from "../server/options.ts";
import type { ServeOrder } from "./messages.ts";

/**
 * Where workers listen, what they may do, and how each of them serves:
 * `maxConnections`, for example, holds for one worker.
 */
export interface WorkersOptions extends ServerOptions {
  /** The address of this machine; `"*"` is every address. */
  hostname: string;
  /** The port that they share. 0 is any free port: ask `workers.addr` when they are `ready`. */
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
  /** How many connections the system keeps for each worker until they are accepted. Default: 4096. */
  backlog?: number;
}

/** What workers are made of. */
export interface WorkerSettings {
  source: string;
  order: ServeOrder;
  permissions?: Deno.PermissionOptions;
  grace: number;
  count: number;
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
  if (typeof options !== "object" || options === null) {
    throw wrongType(call, "the options", "an object", options);
  }
  const {
    port,
    count = navigator.hardwareConcurrency,
    permissions,
    grace = 30,
    backlog = 4096,
  } = options;
  checkString(call, "hostname", options.hostname);
  const hostname = options.hostname === "*" ? "0.0.0.0" : options.hostname;
  checkInteger(call, "port", port, 0, 65535);
  checkInteger(call, "count", count, 1, 1024);
  checkInteger(call, "backlog", backlog, 1, 2 ** 31 - 1);
  checkDelay(call, "grace", grace);
  const server = pickServerOptions(call, options);
  const { name = `tcp{server}: ${formatAddress(hostname, port)}` } = server;
  // Deno ends the process where reusePort is used without the flag. This
  // function is there exactly when the flag is (2.9.6).
  if (Deno.listenDatagram === undefined) {
    throw new Deno.errors.NotSupported(
      `${call}: workers share the port ${
        formatAddress(hostname, port)
      }, for which Deno needs a flag; run with --unstable-net`,
    );
  }
  return {
    source: sourceOf(module),
    order: { kind: "serve", hostname, port, backlog, ...server, name },
    permissions: permissions === "none" ? {} : permissions,
    grace,
    count,
  };
}

/** The worker's dispatcher is the default one, so that a handler that imports Copas has the same. */
function sourceOf(module: URL): string {
  const from = (url: string | URL) =>
    `from ${JSON.stringify(new URL(url, import.meta.url).href)};\n`;
  return `import copas ${from("../../mod.ts")}` +
    `import { work } ${from("./worker.ts")}` +
    `import * as handler ${from(module)}work(copas, handler);\n`;
}

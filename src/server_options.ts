/**
 * How the options of `addserver` are read.
 *
 * @module
 */

import { checkString, wrongType } from "./arguments.ts";
import type { ServerOptions } from "./server.ts";

/** Reads the third and fourth argument: a timeout or options, and a name. */
export function readServerOptions(
  timeout?: number | ServerOptions,
  name?: string,
): ServerOptions {
  const options = typeof timeout === "object" ? { ...timeout } : { timeout };
  if (name !== undefined) options.name = name;
  if (options.timeout !== undefined && typeof options.timeout !== "number") {
    throw wrongType(
      "addserver()",
      "the timeout",
      "a number of seconds",
      options.timeout,
    );
  }
  if (options.name !== undefined) {
    checkString("addserver()", "the name", options.name);
  }
  return options;
}

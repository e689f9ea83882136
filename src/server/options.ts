/**
 * How the options of `addserver` are read.
 *
 * @module
 */

import {
  checkSeconds,
  checkString,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import type { ServerOptions } from "./stream_server.ts";
import { checkLimits } from "../socket/limits.ts";

const CALL = "addserver()";
const KEYS = ["timeout", "name", "maxConnections", "maxline", "maxbody"];

/** Reads the third and fourth argument: a timeout or options, and a name. */
export function readServerOptions(
  timeout?: number | ServerOptions,
  name?: string,
): ServerOptions {
  const options = typeof timeout === "object" ? { ...timeout } : { timeout };
  if (name !== undefined) options.name = name;
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `${CALL}: the options have no key ${unknown}; they have ${
        KEYS.join(", ")
      }`,
    );
  }
  if (options.timeout !== undefined) {
    checkSeconds(CALL, "the timeout", options.timeout);
  }
  if (options.name !== undefined) checkString(CALL, "the name", options.name);
  checkMaxConnections(options.maxConnections);
  checkLimits(CALL, options);
  return options;
}

function checkMaxConnections(value: unknown): void {
  if (value === undefined || value === Infinity) return;
  const expected = "a whole number, 1 or more, or Infinity";
  if (typeof value !== "number") {
    throw wrongType(CALL, "maxConnections", expected, value);
  }
  if (!Number.isSafeInteger(value) || value < 1) {
    throw outOfRange(CALL, "maxConnections", expected, value);
  }
}

/**
 * Checks of arguments. The message of each error has one form: the call, the
 * argument, what it must be, and what it was: `bind(): the host must be a
 * string, got 1`. `call` names the call and `name` the argument.
 *
 * @module
 */

/** Writes a value for an error message: short, and never more than one line. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    // It may be a private key that the caller has given in the wrong place.
    if (value.includes("-----BEGIN ")) return "PEM text";
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (typeof value === "function") {
    return value.name ? `function ${value.name}` : "a function";
  }
  if (typeof value === "object" && value !== null) {
    if (ArrayBuffer.isView(value)) {
      return `${value.constructor.name}(${value.byteLength})`;
    }
    return Array.isArray(value)
      ? `an array of ${value.length}`
      : value.constructor?.name ?? "an object";
  }
  return typeof value === "bigint" ? `${value}n` : String(value);
}

function mustBe(
  call: string,
  name: string,
  expected: string,
  value: unknown,
): string {
  return `${call}: ${name} must be ${expected}, got ${show(value)}`;
}

/** Makes a {@linkcode TypeError} in the common form. */
export function wrongType(
  call: string,
  name: string,
  expected: string,
  value: unknown,
): TypeError {
  return new TypeError(mustBe(call, name, expected, value));
}

/** The error of a call whose bytes were transferred to other code: its array is empty then. */
export function transferred(
  call: string,
  data: unknown,
): TypeError | undefined {
  if (!(data instanceof Uint8Array)) return undefined;
  if (!(data.buffer as ArrayBuffer).detached) return undefined;
  return new TypeError(
    `${call}: the data was transferred to other code, as by postMessage; give an array that the program has kept`,
  );
}

/** Makes a {@linkcode RangeError} in the common form. */
export function outOfRange(
  call: string,
  name: string,
  expected: string,
  value: unknown,
): RangeError {
  return new RangeError(mustBe(call, name, expected, value));
}

/**
 * Refuses a value that is not a function.
 *
 * @throws {TypeError} when it is not one
 */
export function checkFunction(
  call: string,
  name: string,
  value: unknown,
): void {
  if (typeof value !== "function") {
    throw wrongType(call, name, "a function", value);
  }
}

/**
 * Refuses a value that has no method `then`.
 *
 * @throws {TypeError} when it has none
 */
export function checkPromise(call: string, name: string, value: unknown): void {
  const { then } = (value ?? {}) as { then?: unknown };
  if (typeof then !== "function") {
    throw wrongType(call, name, "a promise", value);
  }
}

/**
 * Refuses a value that is not a string.
 *
 * @throws {TypeError} when it is not one
 */
export function checkString(call: string, name: string, value: unknown): void {
  if (typeof value !== "string") throw wrongType(call, name, "a string", value);
}

/**
 * Refuses a value that is neither left out nor a boolean.
 *
 * @throws {TypeError} when it is something else
 */
export function checkFlag(call: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw wrongType(call, name, "a boolean", value);
}

/**
 * Refuses a value that is not a number of seconds. `Infinity` and negative
 * numbers pass: they mean that the call waits without a limit.
 *
 * @throws {TypeError} when it is not a number
 * @throws {RangeError} when it is `NaN`
 */
export function checkSeconds(call: string, name: string, value: unknown): void {
  if (typeof value !== "number") {
    throw wrongType(call, name, "a number of seconds", value);
  }
  if (Number.isNaN(value)) {
    throw outOfRange(call, name, "a number of seconds", value);
  }
}

/**
 * Refuses a value that is not a number of seconds, 0 or more. `Infinity` passes.
 *
 * @throws {TypeError} when it is not a number
 * @throws {RangeError} when it is negative or `NaN`
 */
export function checkDelay(call: string, name: string, value: unknown): void {
  checkSeconds(call, name, value);
  if ((value as number) < 0) {
    throw outOfRange(call, name, "a number of seconds, 0 or more", value);
  }
}

/**
 * Refuses a value that is not a whole number from `least` to `most`.
 *
 * @param most Default: no limit
 * @throws {TypeError} when it is not a number
 * @throws {RangeError} when it is another number
 */
export function checkInteger(
  call: string,
  name: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  const isNumber = typeof value === "number";
  if (isNumber && Number.isInteger(value) && value >= least && value <= most) {
    return;
  }
  const expected = most === Number.MAX_SAFE_INTEGER
    ? `a whole number, ${least} or more`
    : `a whole number from ${least} to ${most}`;
  throw (isNumber ? outOfRange : wrongType)(call, name, expected, value);
}

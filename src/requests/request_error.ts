/**
 * The one place where an error of a request gets its message: what failed, with
 * the URL, and why. Its class stays, and the original is its `cause`.
 *
 * @module
 */

import { ClosedError, CopasError } from "../errors/errors.ts";
import { ReplyError } from "./reply_error.ts";

/** An error of the caller's own code (a source, a sink, a step). It reaches him as it is. */
export class CallerError {
  constructor(readonly error: unknown) {}
}

/** Calls code of the caller's, so that its error can be told from ours. */
export async function callerCode<T>(call: () => T): Promise<Awaited<T>> {
  try {
    return await call();
  } catch (error) {
    throw new CallerError(error);
  }
}

/** What the caller gets for `error`; `failed` begins its message. */
export function requestError(failed: string, error: unknown): unknown {
  if (error instanceof CallerError) return error.error;
  if (!(error instanceof Error)) return error;
  // That a request is a wait of the dispatcher's is not what its caller asks about.
  const why = error.message.replace(/^Cannot wait for the promise: /, "")
    .replace(/^Cannot .*: (the signal was aborted)$/, "$1");
  const message = `${failed}: ${why}`;
  const cause = error.cause === undefined ? error : error.cause;
  if (error instanceof ReplyError) {
    const { reply, text, refused, accepted } = error;
    const options = { reply, text, refused, accepted, cause };
    return new ReplyError(message, options);
  }
  const known = error instanceof CopasError || isDenoError(error);
  if (!known) return libraryError(failed, error);
  const type = error.constructor as new (
    message: string,
    options: ErrorOptions,
  ) => Error;
  // With what the error tells beside its message: the address outside the scope.
  const made = new type(message, { ...error, cause: error });
  if ("code" in error && !(made instanceof CopasError)) {
    Object.assign(made, { code: error.code });
  }
  return made;
}

function isDenoError(error: Error): boolean {
  return Object.values(Deno.errors).some((type) => error instanceof type);
}

/** The errors of node and of the libraries, by their codes. */
function libraryError(failed: string, cause: Error): Error {
  const code = "code" in cause ? String(cause.code) : "";
  if (isGone(cause)) {
    const message = `${failed}: the server closed the connection too early`;
    return new ClosedError(message, { cause });
  }
  // A mistake in the arguments that we have not seen, or one of ours.
  return cause instanceof TypeError || cause instanceof RangeError
    ? cause
    : Object.assign(new Error(`${failed}: ${cause.message}`, { cause }), {
      ...(code === "" ? {} : { code }),
    });
}

/** Whether an error says that the peer has closed the connection. */
export function isGone(error: unknown): boolean {
  if (error instanceof ClosedError) return true;
  return error instanceof Error && "code" in error &&
    GONE.includes(String(error.code));
}

const GONE = [
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
];

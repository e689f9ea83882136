/**
 * The error classes of Copas, and the one place where Deno's errors are
 * turned into them.
 *
 * @module
 */

/** The strings that {@linkcode CopasError.code} can have, Copas's own where Copas has one. */
export type ErrorCode =
  | "timeout"
  | "closed"
  | "destroyed"
  | "too many"
  | "cancelled"
  | "too long"
  | "scope"
  | "handshake"
  | "refused";

/**
 * What every error of Copas extends.
 *
 * Copas for Lua returns `nil, "timeout"` where this port throws a
 * {@linkcode TimeoutError} whose `code` is `"timeout"`. `copas.protect` turns
 * such an error back into values.
 */
export abstract class CopasError extends Error {
  /** The cause as a short string, the same that Copas for Lua returns. */
  abstract readonly code: ErrorCode;
}

/** What a socket's error can tell about the bytes concerned. */
export interface TransferErrorOptions extends ErrorOptions {
  /** Bytes that had arrived for the call that failed. */
  partial?: Uint8Array;
  /** Bytes of the call's data that were taken before it failed. */
  sent?: number;
}

/**
 * A deadline passed.
 *
 * A timeout takes nothing away: what a `receive` had got so far stays in the
 * socket's buffer, and the next `receive` goes on from there.
 */
export class TimeoutError extends CopasError {
  /** The name of the class. */
  override readonly name = "TimeoutError";
  /** Always `"timeout"`. */
  readonly code = "timeout" as const;
  /** For a receive: a copy of what has arrived. It is still in the buffer. */
  readonly partial?: Uint8Array;
  /** For a send: how many bytes of the data were taken and will be sent. Go on with `data.subarray(error.sent)`. */
  readonly sent?: number;

  /** Makes the error; `options` tell what had been transferred. */
  constructor(message: string, options: TransferErrorOptions = {}) {
    super(message, options);
    if (options.partial !== undefined) this.partial = options.partial;
    if (options.sent !== undefined) this.sent = options.sent;
  }
}

/** The socket is closed, by this side or by the peer. */
export class ClosedError extends CopasError {
  /** The name of the class. */
  override readonly name = "ClosedError";
  /** Always `"closed"`. */
  readonly code = "closed" as const;
  /** For a receive: the bytes that came before the end, of what was asked for. They are not delivered again. */
  readonly partial?: Uint8Array;
  /** For a send: how many bytes of the data were taken before the socket closed. */
  readonly sent?: number;

  /** Makes the error; `options` tell what had been transferred. */
  constructor(message: string, options: TransferErrorOptions = {}) {
    super(message, options);
    if (options.partial !== undefined) this.partial = options.partial;
    if (options.sent !== undefined) this.sent = options.sent;
  }
}

/** The lock, semaphore or queue was destroyed. */
export class DestroyedError extends CopasError {
  /** The name of the class. */
  override readonly name = "DestroyedError";
  /** Always `"destroyed"`. */
  readonly code = "destroyed" as const;
}

/** More was asked of a semaphore, or given to it, than it can hold. */
export class TooManyError extends CopasError {
  /** The name of the class. */
  override readonly name = "TooManyError";
  /** Always `"too many"`. */
  readonly code = "too many" as const;
}

/**
 * The thread was removed, the future cancelled, or the call's signal aborted;
 * then `cause` is the signal's reason.
 */
export class CancelledError extends CopasError {
  /** The name of the class. */
  override readonly name = "CancelledError";
  /** Always `"cancelled"`. */
  readonly code = "cancelled" as const;
}

/**
 * A line or body is longer than its limit (`maxline`, `maxbody`).
 *
 * What has arrived stays in the buffer: `receivepartial` still takes it.
 */
export class TooLongError extends CopasError {
  /** The name of the class. */
  override readonly name = "TooLongError";
  /** Always `"too long"`. */
  readonly code = "too long" as const;
}

/** An address is outside the dispatcher's network scope. */
export class ScopeError extends CopasError {
  /** The name of the class. */
  override readonly name = "ScopeError";
  /** Always `"scope"`. */
  readonly code = "scope" as const;
  /** The address, such as `"10.0.0.1:5432"`. */
  readonly address: string;
  /** The shortest entry of a scope that allows it. */
  readonly entry: string;

  /** Makes the error for an address, with the entry that would allow it. */
  constructor(
    message: string,
    { address, entry = address, ...options }: ErrorOptions & {
      address: string;
      entry?: string;
    },
  ) {
    super(message, options);
    this.address = address;
    this.entry = entry;
  }
}

/** TLS could not be established. */
export class HandshakeError extends CopasError {
  /** The name of the class. */
  override readonly name = "HandshakeError";
  /** Always `"handshake"`. */
  readonly code = "handshake" as const;
}

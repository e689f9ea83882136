/**
 * The error classes of Copas. `platform.ts` makes them of Deno's errors.
 *
 * @module
 */

/**
 * The values of {@linkcode CopasError.code}: the strings that Copas for Lua
 * returns where it has one, and `"cancelled"`, `"too long"`, `"encoding"`,
 * `"scope"`, `"handshake"` and `"refused"` besides.
 */
export type ErrorCode =
  | "timeout"
  | "closed"
  | "destroyed"
  | "too many"
  | "cancelled"
  | "too long"
  | "encoding"
  | "scope"
  | "handshake"
  | "refused";

/**
 * What every error of Copas extends.
 *
 * Copas for Lua returns `nil, "timeout"` where Copas for Deno throws a
 * {@linkcode TimeoutError} whose `code` is `"timeout"`. `copas.protect` turns
 * such an error back into values. Refused connections, addresses in use and
 * missing permissions are not among them: they keep the classes of
 * `Deno.errors`.
 *
 * @example Errors of Copas apart from all others
 * ```ts
 * import copas, { CopasError } from "jsr:@copas/copas";
 *
 * try {
 *   const skt = await copas.socket.connect("127.0.0.1", 8080, { timeout: 5 });
 *   console.log(await skt.receive());
 * } catch (error) {
 *   if (!(error instanceof CopasError)) throw error;
 *   console.log(error.code); // "timeout", "closed", …
 * }
 * ```
 */
export abstract class CopasError extends Error {
  /** The cause as a short string, to be compared: it does not change where the message does. */
  abstract readonly code: ErrorCode;
}

/** What an error of a socket says about the bytes of the call that failed. */
export interface TransferErrorOptions extends ErrorOptions {
  /** The bytes that had arrived for the call. Default: none is told. */
  partial?: Uint8Array;
  /** How many bytes of the call's data the socket had taken. Default: none is told. */
  sent?: number;
  /** How many bytes of the call's data it had not taken. Default: none is told. */
  left?: number;
}

/**
 * A deadline passed: that of one call (`{ timeout }`), of the socket
 * (`settimeout`), or of the lock, semaphore or queue.
 *
 * The socket stays usable. What a `receive` had got so far stays in its buffer,
 * and the next `receive` continues with it. After a send, `sent` says where to
 * continue.
 *
 * @example
 * ```ts
 * import copas, { TimeoutError } from "jsr:@copas/copas";
 *
 * const skt = await copas.socket.connect("127.0.0.1", 8080);
 * try {
 *   console.log(await skt.receive("*l", { timeout: 1 }));
 * } catch (error) {
 *   if (!(error instanceof TimeoutError)) throw error;
 *   console.log("so far", error.partial?.length ?? 0, "bytes of a line");
 * }
 * ```
 */
export class TimeoutError extends CopasError {
  /** The name of the class. */
  override readonly name = "TimeoutError";
  /** Always `"timeout"`. */
  readonly code = "timeout" as const;
  /** After a receive: a copy of the bytes that have arrived. They also are still in the buffer. */
  readonly partial?: Uint8Array;
  /** After a send: how many bytes of the data the socket has taken and will send. Continue with `data.subarray(error.sent)`. After a flush, shutdown or close: how many bytes the system has taken of this connection. */
  readonly sent?: number;
  /** After a send: how many bytes of the data the socket has not taken. After a flush, shutdown or close: how many bytes given to `send` the system has not taken; after a close they are lost. */
  readonly left?: number;

  /**
   * Makes the error.
   *
   * @param message says what failed
   * @param options what had been transferred, and the `cause`. Default: neither
   */
  constructor(message: string, options: TransferErrorOptions = {}) {
    super(message, options);
    if (options.partial !== undefined) this.partial = options.partial;
    if (options.sent !== undefined) this.sent = options.sent;
    if (options.left !== undefined) this.left = options.left;
  }
}

/**
 * The socket is closed, by the program or by the peer.
 *
 * It can't be used again: the program closes it, and connects anew if it needs
 * to. When it leaves the handler of a connection and is about that connection,
 * no error handler gets it: that is how connections end. About any other socket
 * it is reported. The orderly end of a stream is no error: there `receive`
 * resolves to `null`.
 *
 * @example
 * ```ts
 * import copas, { ClosedError } from "jsr:@copas/copas";
 *
 * const skt = await copas.socket.connect("127.0.0.1", 8080);
 * try {
 *   console.log(await skt.receive(100));
 * } catch (error) {
 *   if (!(error instanceof ClosedError)) throw error;
 *   console.log("only", error.partial?.length ?? 0, "of 100 bytes came");
 * } finally {
 *   await skt.close();
 * }
 * ```
 */
export class ClosedError extends CopasError {
  /** The name of the class. */
  override readonly name = "ClosedError";
  /** Always `"closed"`. */
  readonly code = "closed" as const;
  /** After a receive: the bytes of what was asked for that arrived before the end. No later call delivers them. */
  readonly partial?: Uint8Array;
  /** After a send: how many bytes of the data the socket had taken before it closed. The peer may have received fewer. After a flush, shutdown or close: how many bytes the system had taken of this connection. */
  readonly sent?: number;
  /** After a send: how many bytes of the data the socket had not taken. After a flush, shutdown or close: how many bytes given to `send` are lost. */
  readonly left?: number;

  /**
   * Makes the error.
   *
   * @param message says what failed
   * @param options what had been transferred, and the `cause`. Default: neither
   */
  constructor(message: string, options: TransferErrorOptions = {}) {
    super(message, options);
    if (options.partial !== undefined) this.partial = options.partial;
    if (options.sent !== undefined) this.sent = options.sent;
    if (options.left !== undefined) this.left = options.left;
  }
}

/**
 * The lock, semaphore or queue was destroyed, before the call or while it
 * waited; or the queue was stopped, and takes no more items or has none left.
 *
 * A thread that gets it ends its work with the tool: no later call can succeed.
 *
 * @example
 * ```ts
 * import copas, { DestroyedError } from "jsr:@copas/copas";
 *
 * const queue = copas.queue.new<string>();
 * copas.addthread(async () => {
 *   try {
 *     for (;;) console.log(await queue.pop(Infinity));
 *   } catch (error) {
 *     if (!(error instanceof DestroyedError)) throw error;
 *   }
 * });
 * queue.destroy();
 * await copas.loop();
 * ```
 */
export class DestroyedError extends CopasError {
  /** The name of the class. */
  override readonly name = "DestroyedError";
  /** Always `"destroyed"`. */
  readonly code = "destroyed" as const;
}

/**
 * A call asked a semaphore for more than it can hold, or gave more than fits.
 *
 * Waiting would not help, so the call fails at once. It is a mistake in the
 * program: give a larger maximum to `copas.semaphore.new`, or return only what
 * was taken.
 *
 * @example
 * ```ts
 * import copas, { TooManyError } from "jsr:@copas/copas";
 *
 * const slots = copas.semaphore.new(2);
 * try {
 *   await slots.take(3);
 * } catch (error) {
 *   if (!(error instanceof TooManyError)) throw error;
 *   console.log(error.code); // too many
 * }
 * ```
 */
export class TooManyError extends CopasError {
  /** The name of the class. */
  override readonly name = "TooManyError";
  /** Always `"too many"`. */
  readonly code = "too many" as const;
}

/**
 * The program ended the wait: it removed the thread (`removethread`,
 * `cancelall`), cancelled the future, or aborted the signal of the call. After
 * an abort, `cause` is the signal's reason.
 *
 * A thread that gets it cleans up and ends; it is reported only when the thread
 * was not removed and the dispatcher is not exiting. One that catches it and goes on
 * gets it again at its next wait if the thread was removed.
 *
 * @example
 * ```ts
 * import copas, { CancelledError } from "jsr:@copas/copas";
 *
 * const task = copas.addthread(async () => {
 *   try {
 *     await copas.pause(3600);
 *   } catch (error) {
 *     if (error instanceof CancelledError) console.log("cleaning up");
 *     throw error;
 *   }
 * });
 * copas.removethread(task);
 * await copas.loop();
 * ```
 */
export class CancelledError extends CopasError {
  /** The name of the class. */
  override readonly name = "CancelledError";
  /** Always `"cancelled"`. */
  readonly code = "cancelled" as const;
}

/**
 * A line or a body is longer than its limit (`maxline`, `maxbody`).
 *
 * What has arrived stays in the buffer, and `receivepartial` still takes it. A
 * server usually closes such a connection; where long lines are expected, give
 * the socket a larger `maxline`.
 *
 * @example
 * ```ts
 * import copas, { TooLongError } from "jsr:@copas/copas";
 *
 * copas.handler(async (skt) => {
 *   try {
 *     await skt.send(`${await skt.receive()}\n`);
 *   } catch (error) {
 *     if (!(error instanceof TooLongError)) throw error;
 *     await skt.send("that line is too long\n");
 *   }
 * });
 * ```
 */
export class TooLongError extends CopasError {
  /** The name of the class. */
  override readonly name = "TooLongError";
  /** Always `"too long"`. */
  readonly code = "too long" as const;
}

/**
 * The dispatcher's network scope does not allow an address. The call fails
 * before the system is asked.
 *
 * If the program has to use the address, add `entry` to the `net` of the
 * dispatcher or view. If the address came from outside the program (a URL, a
 * redirect, a name's DNS), the scope has done its work.
 *
 * @example
 * ```ts
 * import copas, { ScopeError } from "jsr:@copas/copas";
 *
 * const mail = copas.scoped({ net: ["mail.example.com:465"] });
 * try {
 *   await mail.socket.connect("10.0.0.1", 5432);
 * } catch (error) {
 *   if (!(error instanceof ScopeError)) throw error;
 *   console.log(error.address, error.entry); // 10.0.0.1:5432 10.0.0.1:5432
 * }
 * ```
 */
export class ScopeError extends CopasError {
  /** The name of the class. */
  override readonly name = "ScopeError";
  /** Always `"scope"`. */
  readonly code = "scope" as const;
  /** The address, such as `"10.0.0.1:5432"`. */
  readonly address: string;
  /** The shortest entry of a scope that allows it, as in `--allow-net`. */
  readonly entry: string;

  /**
   * Makes the error.
   *
   * @param message says what failed
   * @param options `address`, the `entry` that would allow it (default: the
   * address), and the `cause`
   */
  constructor(
    message: string,
    options: ErrorOptions & { address: string; entry?: string },
  ) {
    const { address, entry = address, ...rest } = options;
    super(message, rest);
    this.address = address;
    this.entry = entry;
  }
}

/**
 * TLS could not be established: a certificate was not accepted, the two sides
 * have no version or protocol in common, or the peer does not speak TLS or took
 * too long. The message names the peer and the reason.
 *
 * The connection is closed. What would help depends on the reason: another
 * authority in `caCerts`, another `servername`, a certificate of one's own in
 * `cert` and `key`.
 *
 * @example
 * ```ts
 * import copas, { HandshakeError } from "jsr:@copas/copas";
 *
 * const skt = copas.wrap(copas.socket.tcp(), {});
 * try {
 *   await skt.connect("example.com", 443, { timeout: 10 });
 * } catch (error) {
 *   if (!(error instanceof HandshakeError)) throw error;
 *   console.log(error.message, error.cause);
 * }
 * ```
 */
export class HandshakeError extends CopasError {
  /** The name of the class. */
  override readonly name = "HandshakeError";
  /** Always `"handshake"`. */
  readonly code = "handshake" as const;
}

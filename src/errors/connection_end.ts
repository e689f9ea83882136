/**
 * Which socket a {@linkcode ClosedError} is about, and whether it says that the
 * connection has come to its end.
 *
 * @module
 */

import type { ClosedError } from "./errors.ts";

/** The sockets of errors that say that the connection has ended. */
const ended = new WeakMap<object, object>();
/** The sockets of errors that a peer has caused which did not keep to the protocol. */
const broken = new WeakMap<object, object>();

/** Notes that `error` says that `socket` was closed, here or by the peer. */
export function endOf(socket: object, error: ClosedError): ClosedError {
  ended.set(error, socket);
  return error;
}

/** Notes that `error` says that what the peer of `socket` sent can't be read. */
export function breakOf(socket: object, error: ClosedError): ClosedError {
  broken.set(error, socket);
  return error;
}

/** Whether `error` says that the connection of `socket` was closed, here or by the peer. */
export function isEndOf(socket: unknown, error: unknown): boolean {
  return socket !== undefined && ended.get(error as object) === socket;
}

/** Whether `error` says that what the peer of `socket` sent can't be read. */
export function isBreakOf(socket: unknown, error: unknown): boolean {
  return socket !== undefined && broken.get(error as object) === socket;
}

/**
 * What the parts of a socket know of the socket itself.
 *
 * @module
 */

import type { Timeouts } from "./timeouts.ts";

/** A socket as its parts see it. It is the public object, which error handlers and `status()` get to see. */
export interface SocketIdentity {
  /** What messages and the log call the socket. */
  readonly name: string;
  /** How long its calls may take. */
  readonly timeouts: Timeouts;
}

/** How the message of an error of a receive begins. */
export function cannotReceive(socket: SocketIdentity): string {
  return `Cannot receive from ${socket.name}`;
}

/** How the message of an error of a send begins. */
export function cannotSend(socket: SocketIdentity): string {
  return `Cannot send to ${socket.name}`;
}

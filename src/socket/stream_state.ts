/**
 * The life of a stream socket: its states, and the events that lead from one to
 * the next.
 *
 * | State | connect | connected | connect failed | handshake | secured | handshake failed | shutdown | close | released |
 * |---|---|---|---|---|---|---|---|---|---|
 * | unconnected | connecting | open (¹) | – | refused | – | – | refused | closing | – |
 * | connecting | refused | open | unconnected | refused | – | – | refused | closing | – |
 * | open | refused | – | – | handshaking | – | – | half-closed | closing | – |
 * | half-closed | refused | – | – | handshaking | – | – | half-closed | closing | – |
 * | handshaking | refused | – | – | refused | open (²) | closing | handshaking | closing | – |
 * | closing | refused | (³) | (³) | refused | (³) | (³) | refused | same promise | closed |
 * | closed | refused | (³) | (³) | refused | (³) | (³) | refused | same promise | – |
 *
 * (¹) A connection of the caller's is taken over: `copas.wrap`, or an accepted
 * one. (²) A direction that was shut down during a handshake of Deno's own TLS
 * stays so: half-closed. (³) The outcome comes too late: the connection that it
 * brings is closed, and the call fails with a `ClosedError`.
 *
 * The TLS handshake that is part of `connect` belongs to "connecting"; the one
 * of `dohandshake` is "handshaking". The end of the stream on the peer's side is
 * no state of this side: a receive tells it.
 *
 * @module
 */

import { ClosedError } from "../errors/errors.ts";

/** Where a stream socket stands. */
export type StreamState =
  | "unconnected"
  | "connecting"
  | "open"
  | "half-closed"
  | "handshaking"
  | "closing"
  | "closed";

/** What happens to a stream socket. */
export type StreamEvent =
  | "connect"
  | "connected"
  | "connect failed"
  | "handshake"
  | "secured"
  | "handshake failed"
  | "shutdown"
  | "close"
  | "released";

const NEXT: Record<StreamState, Partial<Record<StreamEvent, StreamState>>> = {
  "unconnected": { connect: "connecting", connected: "open", close: "closing" },
  "connecting": {
    connected: "open",
    "connect failed": "unconnected",
    close: "closing",
  },
  "open": {
    handshake: "handshaking",
    shutdown: "half-closed",
    close: "closing",
  },
  "half-closed": {
    handshake: "handshaking",
    shutdown: "half-closed",
    close: "closing",
  },
  "handshaking": {
    secured: "open",
    "handshake failed": "closing",
    shutdown: "handshaking",
    close: "closing",
  },
  "closing": { released: "closed" },
  "closed": {},
};

/** Why a call on a socket that is closing or closed fails. */
export const CLOSED_REASON = "the socket is closed";
/** How the reason begins for which a limit has closed the socket. */
export const LIMIT_REASON = "the socket is closed: ";
/** Whether `why` says that this side has closed the socket. */
export function saysClosed(why: string): boolean {
  return why === CLOSED_REASON || why.startsWith(LIMIT_REASON);
}
/** Why a receive or send fails while TLS has the connection. */
export const HANDSHAKE_REASON = "its TLS handshake is under way";

/** The state that follows. The caller has made sure that the event can happen: anything else is a defect of Copas. */
export function nextState(state: StreamState, event: StreamEvent): StreamState {
  const next = NEXT[state][event];
  if (next !== undefined) return next;
  throw new Error(`Copas: a socket that is ${state} can't have "${event}"`);
}

/** Whether this side has closed the socket. */
export function isClosed(state: StreamState): boolean {
  return state === "closing" || state === "closed";
}

/** Why a socket in this state has no connection to work on. */
export function whyNotConnected(state: StreamState): string {
  return isClosed(state) ? CLOSED_REASON : "the socket is not connected";
}

/** Why a socket in this state can't be connected, or nothing if it can. */
export function whyNotConnectable(state: StreamState): string | undefined {
  if (state === "unconnected") return undefined;
  if (isClosed(state)) return CLOSED_REASON;
  return state === "connecting"
    ? "the socket is being connected already"
    : "the socket is connected already";
}

/** The error of a call on a socket that must not speak plain text, before its handshake is done. */
export function notSecured(
  call: string,
  state: StreamState,
  name: string,
): Error {
  if (state === "handshaking") {
    return new ClosedError(`${call}: ${HANDSHAKE_REASON}: ${name}`);
  }
  // No `ClosedError`, which may leave a handler unreported.
  return new TypeError(
    `${call}: ${name} has sslparams, and its TLS handshake is not done: call dohandshake() first, ` +
      "or if plain text is to come before it, wrap it with { sslparams, starttls: true }",
  );
}

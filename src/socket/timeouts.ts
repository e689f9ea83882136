/**
 * The three timeouts of a socket, how they are set, and what they leave to a
 * handshake.
 *
 * @module
 */

import { checkSeconds, wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import type { TlsMode } from "../tls/params.ts";

/** The timeouts of a socket, in seconds; `Infinity` for no limit. Sockets share such an object until one of them gets other timeouts. */
export interface Timeouts {
  /** How long a connect, or a TLS handshake, may take. */
  readonly connect: number;
  /** How long a send may take. */
  readonly send: number;
  /** How long a receive may take. */
  readonly receive: number;
}

/** The timeouts of a socket whose program sets none. */
export const NO_TIMEOUTS: Timeouts = {
  connect: Infinity,
  send: Infinity,
  receive: Infinity,
};

/**
 * Refuses what is no {@linkcode Timeouts}.
 *
 * @param call names the call in the message of an error
 */
export function checkTimeouts(call: string, given: unknown): void {
  if (typeof given !== "object" || given === null) {
    const expected = "an object { connect, send, receive } of seconds";
    throw wrongType(call, "timeouts", expected, given);
  }
  const names = Object.keys(NO_TIMEOUTS) as (keyof Timeouts)[];
  checkKeys(call, "the timeouts", given, names);
  for (const name of names) {
    checkSeconds(call, `the ${name} timeout`, (given as Timeouts)[name]);
  }
}

/** Three equal timeouts; nothing or a negative number means no limit. */
export function sameTimeouts(seconds: number = Infinity): Timeouts {
  checkSeconds("settimeout()", "the timeout", seconds);
  const limit = seconds < 0 ? Infinity : seconds;
  return { connect: limit, send: limit, receive: limit };
}

/** `timeouts` with those changed that are given; a negative number means no limit. */
export function changedTimeouts(
  timeouts: Timeouts,
  connect?: number,
  send?: number,
  receive?: number,
): Timeouts {
  const changed = { ...timeouts };
  for (const [name, seconds] of Object.entries({ connect, send, receive })) {
    if (seconds === undefined) continue;
    checkSeconds("settimeouts()", `the ${name} timeout`, seconds);
    changed[name as keyof Timeouts] = seconds < 0 ? Infinity : seconds;
  }
  return changed;
}

/**
 * Seconds that a server gives a client for the handshake where its program sets
 * no limit: a client that connects and says nothing must not hold a connection
 * for ever.
 */
export const SERVER_HANDSHAKE_TIMEOUT = 10;

/** How long the handshakes of a server may take. */
export interface HandshakeOptions {
  /** Seconds that a TLS handshake may take. Default: the connect timeout; where there is none, 10. */
  handshaketimeout?: number;
}

/**
 * The seconds for a handshake: those of the call, else the socket's connect
 * timeout, else the server's default.
 *
 * @param options what the caller of `dohandshake` gave, checked
 * @param timeouts the socket's
 * @param mode which side this is
 * @param server what the server of the connection says, if it has one
 */
export function handshakeTimeout(
  options: WaitOptions | undefined,
  timeouts: Timeouts,
  mode: TlsMode,
  server: HandshakeOptions = {},
): number {
  const { connect } = timeouts;
  const isUnlimited = connect === Infinity && mode === "server";
  const usual = server.handshaketimeout ??
    (isUnlimited ? SERVER_HANDSHAKE_TIMEOUT : connect);
  return readWaitOptions("dohandshake()", options, usual).timeout;
}

/**
 * The part of a dispatcher that is about sockets: wrapping them, their
 * timeouts, and their names. Listeners have timeouts and names, too.
 *
 * @module
 */

import { rejectedCall } from "../core/immediate_call.ts";
import { checkString } from "../errors/arguments.ts";
import {
  isDatagram,
  isListener,
  type Socket,
  type SocketLike,
} from "../socket/kinds.ts";
import { readSocketOptions } from "../socket/socket_options.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import type { Context } from "./context.ts";
import { datagramWithTls, keepSslParams } from "./socket_internals.ts";

/** Makes a connection of Deno's a Copas socket; `given` is `sslparams`, or options of which they are one. */
export function wrap(
  { socketRegistry, lookup }: Context,
  conn: unknown,
  given: unknown,
): Socket {
  const options = readSocketOptions("wrap()", given);
  const sslparams = options?.sslparams;
  if (sslparams !== undefined) {
    const socket = socketRegistry.socketOf(conn);
    if (isDatagram(socket ?? conn)) throw datagramWithTls("wrap()");
    if (socket !== undefined) keepSslParams(socket, "wrap()", sslparams);
  }
  return lookup.find("wrap()", conn, options);
}

/**
 * Makes a call that reaches `host` and `port`, if the scope of this view allows
 * them. The socket itself holds them against the scope of the view that made it.
 */
export function reach<T>(
  { network, scheduler }: Context,
  host: string,
  port: number,
  call: () => Promise<T>,
): Promise<T> {
  try {
    network.checkPeer(host, port);
  } catch (error) {
    return rejectedCall(scheduler, error);
  }
  return call();
}

/** Changes the timeouts of a socket, or those that a listener gives to its connections. */
export function changeTimeouts(
  { serverRegistry, lookup }: Context,
  call: string,
  skt: SocketLike,
  change: (timeouts: Timeouts) => Timeouts,
): void {
  if (isListener(skt)) {
    serverRegistry.setTimeouts(skt, change(serverRegistry.timeoutsOf(skt)));
  } else {
    const socket = lookup.find(call, skt);
    socket.timeouts = change(socket.timeouts);
  }
}

/** Names a socket or a listener. */
export function setName(
  { serverRegistry, lookup }: Context,
  name: string,
  skt: SocketLike,
): void {
  checkString("setsocketname()", "the name", name);
  if (isListener(skt)) serverRegistry.setName(skt, name);
  else lookup.find("setsocketname()", skt).name = name;
}

/** The name of a socket or a listener. */
export function nameOf(
  { serverRegistry, lookup }: Context,
  skt: SocketLike,
): string {
  return isListener(skt)
    ? serverRegistry.nameOf(skt)
    : lookup.find("getsocketname()", skt).name;
}

/**
 * The part of a dispatcher that is about sockets: wrapping them, their
 * timeouts, and their names. Listeners have timeouts and names, too.
 *
 * @module
 */

import type { Context } from "./context.ts";
import type { SocketLookup } from "./socket_lookup.ts";
import { checkString } from "../errors/arguments.ts";
import {
  checkDatagramOptions,
  type DatagramSocketOptions,
} from "../socket/datagram_endpoint.ts";
import { DatagramSocket } from "../socket/datagram_socket.ts";
import { endpointOf } from "../socket/internals.ts";
import {
  type DatagramLike,
  isDatagram,
  isListener,
  type Socket,
  type SocketLike,
  type StreamLike,
} from "../socket/kinds.ts";
import {
  connectEndpoint,
  type ConnectOptions,
} from "../socket/proxy_address.ts";
import { relay, type RelayOptions } from "../socket/relay.ts";
import {
  checkLateOptions,
  readSocketOptions,
} from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";

/** Makes a connection of Deno's a Copas socket; `given` is `sslparams`, or options of which they are one. */
export function wrap(
  { socketRegistry, lookup }: Context,
  conn: unknown,
  given: unknown,
): Socket {
  const call = "wrap()";
  if (isDatagram(conn)) return wrapDatagram(call, lookup, conn, given);
  const options = readSocketOptions(call, given);
  if (options === undefined) return lookup.find(call, conn);
  const { sslparams, starttls } = options;
  const socket = socketRegistry.socketOf(conn);
  if (socket !== undefined) {
    checkLateOptions(call, options, socket.name);
    if (sslparams !== undefined) {
      keepSslParams(socket, call, sslparams, starttls);
    }
  }
  return lookup.find(call, conn, options);
}

function wrapDatagram(
  call: string,
  lookup: SocketLookup,
  conn: unknown,
  given: unknown,
): Socket {
  if (given === undefined) return lookup.find(call, conn);
  if (isSecuring(given)) throw datagramWithTls(call);
  checkDatagramOptions(call, given as DatagramSocketOptions);
  const known = lookup.known(conn);
  if (known === undefined) {
    return lookup.find(call, conn, given as DatagramSocketOptions);
  }
  throw new TypeError(
    `${call}: ${known.name} is a Copas socket already, so options would have no effect; ` +
      "give them when it is made",
  );
}

/** Whether it is `sslparams`, or has them. */
function isSecuring(given: unknown): boolean {
  if (typeof given === "function") return true;
  const { sslparams, cert, caCerts } = (given ?? {}) as Record<string, unknown>;
  return (sslparams ?? cert ?? caCerts) !== undefined;
}

/**
 * Connects a socket. The address is held against the scope of this view, and
 * against that of the view which made the socket.
 */
export function connect(
  { lookup, network: view }: Context,
  skt: StreamSocket,
  host: string,
  port: number,
  options?: ConnectOptions,
): Promise<StreamSocket> {
  const socket = lookup.findStream("connect()", skt);
  const endpoint = endpointOf(socket);
  return endpoint.checked(
    connectEndpoint(endpoint, host, port, options, { view }),
  )
    .then(() => socket);
}

/** Passes bytes on between two connections, both ways. */
export async function relayBetween(
  { scheduler, lookup }: Context,
  a: StreamLike,
  b: StreamLike,
  options?: RelayOptions,
): Promise<[number, number]> {
  const first = lookup.findStream("relay()", a);
  const second = lookup.findStream("relay()", b);
  return await relay(scheduler, first, second, options);
}

/** Sends a datagram; both scopes hold, as in `connect`. */
export function sendto(
  { lookup, network: view }: Context,
  skt: DatagramLike,
  data: string | Uint8Array,
  ip: string,
  port: number,
): Promise<number> {
  const socket = lookup.findDatagram("sendto()", skt);
  return endpointOf(socket).send("sendto()", data, ip, port, view);
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

/** Keeps `sslparams` in the socket, for the handshake to come. */
export function keepSslParams(
  socket: Socket,
  call: string,
  sslparams: SslParams | SslParamsSource,
  starttls?: boolean,
): void {
  if (socket instanceof DatagramSocket) throw datagramWithTls(call);
  endpointOf(socket).equip(call, sslparams, starttls);
}

/** Does the server's side of the handshake, with the `sslparams` that the socket keeps. */
export function secureAsServer(socket: StreamSocket): Promise<void> {
  return endpointOf(socket).secure(undefined, "server");
}

/** The error for `sslparams` of a datagram socket. */
export function datagramWithTls(call: string): TypeError {
  return new TypeError(`${call}: a datagram socket has no TLS`);
}

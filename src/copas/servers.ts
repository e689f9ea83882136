/**
 * The part of a dispatcher that is about servers: registering and removing
 * them, and making their handlers.
 *
 * @module
 */

import { shielded } from "../core/shield.ts";
import { yieldTurn } from "../core/sleep.ts";
import { checkFunction, wrongType } from "../errors/arguments.ts";
import { DatagramServer } from "../server/datagram_server.ts";
import type { DatagramServerHandle } from "../server/datagram_handle.ts";
import { readServerOptions, type ServerOptions } from "../server/options.ts";
import type { Server } from "../server/server.ts";
import { setSocketHandler } from "../server/socket_handler.ts";
import type { ServerHost } from "../server/server_host.ts";
import { StreamServer } from "../server/stream_server.ts";
import type { DatagramSocket } from "../socket/datagram_socket.ts";
import {
  type DatagramLike,
  isDatagram,
  isListener,
  type Socket,
} from "../socket/kinds.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { sameTimeouts } from "../socket/timeouts.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
} from "../tls/params.ts";
import { loadEngine } from "../tls/secure.ts";
import { refuseUnixSocket } from "../workers/options.ts";
import { Workers, type WorkersOptions } from "../workers/workers.ts";
import type { Context } from "./context.ts";
import type { Shutdown } from "./shutdown.ts";
import { keepSslParams, secureAsServer } from "./sockets.ts";

/** Serves one connection. */
export type StreamHandler = (conn: Deno.Conn) => unknown;
/** Receives and answers datagrams. */
export type DatagramHandler = (conn: Deno.DatagramConn) => unknown;

/** The functions that make handlers and are none. */
export const handlerMakers: WeakSet<object> = new WeakSet();

/** Registers a server, or gives a registered one another handler. */
export function add(
  context: Context,
  server: Deno.Listener | DatagramLike,
  handler: StreamHandler | DatagramHandler,
  timeout?: number | ServerOptions,
  name?: string,
): Server | DatagramServerHandle {
  const call = "addserver()";
  checkFunction(call, "the handler", handler);
  if (handlerMakers.has(handler)) {
    throw new TypeError(
      `${call}: the handler is copas.handler itself, which would serve no connection; give what it makes: copas.handler(fn)`,
    );
  }
  const options = readServerOptions(call, timeout, name);
  if (isListener(server)) {
    return addStreamServer(context, server, handler as StreamHandler, options);
  }
  if (isDatagram(server)) {
    const serve = handler as DatagramHandler;
    return addDatagramServer(context, server, serve, options);
  }
  throw noServer(call, server);
}

function addStreamServer(
  context: Context,
  listener: Deno.Listener,
  handler: StreamHandler,
  options: ServerOptions,
): Server {
  const { network, serverRegistry } = context;
  network.authorizeServer(listener);
  let server = serverRegistry.streamServers.get(listener);
  server?.checkOpen("addserver()");
  const { timeout, name } = options;
  if (timeout !== undefined) {
    serverRegistry.setTimeouts(listener, sameTimeouts(timeout));
  }
  if (name !== undefined) serverRegistry.setName(listener, name);
  if (server === undefined) {
    server = new StreamServer(hostOf(context, listener), listener);
    serverRegistry.streamServers.set(listener, server);
  }
  server.serve(handler, options);
  return server.handle;
}

/** What the server of `listener` needs of the dispatcher. */
function hostOf(context: Context, listener: Deno.Listener): ServerHost {
  const { scheduler, network, socketRegistry, serverRegistry } = context;
  return {
    scheduler,
    isAutoclosing: () => serverRegistry.autoclose,
    name: () => serverRegistry.nameOf(listener),
    timeouts: () => serverRegistry.timeoutsOf(listener),
    adopt: (conn, options, name) =>
      new StreamSocket(scheduler, network, conn, options, name),
    register: (conn, socket) => socketRegistry.register(conn, socket),
  };
}

function addDatagramServer(
  { scheduler, network, serverRegistry, lookup }: Context,
  conn: DatagramLike,
  handler: DatagramHandler,
  { timeout, name }: ServerOptions,
): DatagramServerHandle {
  if ("addr" in conn) network.authorizeServer(conn);
  const socket = lookup.find("addserver()", conn) as DatagramSocket;
  if (timeout !== undefined) socket.settimeout(timeout);
  if (name !== undefined) socket.name = name;
  serverRegistry.datagramServers.get(socket)?.remove(true);
  const server = new DatagramServer(scheduler, socket);
  serverRegistry.datagramServers.set(socket, server);
  server.serve(() => handler(conn as Deno.DatagramConn));
  return server.handle;
}

/** Unregisters a server, and closes it unless it is to be kept open. */
export function remove(
  { serverRegistry, lookup }: Context,
  server: Deno.Listener | DatagramLike,
  keepopen: boolean,
): void {
  const call = "removeserver()";
  if (isListener(server)) {
    const registered = serverRegistry.streamServers.get(server);
    if (registered !== undefined) registered.remove(keepopen);
    else if (!keepopen) closeListener(server);
  } else if (isDatagram(server)) {
    const socket = lookup.find(call, server) as DatagramSocket;
    const registered = serverRegistry.datagramServers.get(socket);
    if (registered !== undefined) registered.remove(keepopen);
    else if (!keepopen) socket.close();
  } else throw noServer(call, server);
}

function closeListener(listener: Deno.Listener): void {
  try {
    listener.close();
  } catch {
    // It is closed already.
  }
}

function noServer(call: string, value: unknown): Error {
  const expected = "a Deno.Listener or a Deno.DatagramConn";
  return wrongType(call, "the server", expected, value);
}

/** Makes a handler of `fn` that gets a Copas socket, secured by TLS if there are `sslparams`. */
export function makeHandler(
  { lookup }: Context,
  fn: (skt: Socket, ...args: unknown[]) => unknown,
  sslparams?: SslParams | SslParamsSource,
): (conn: unknown, ...args: unknown[]) => unknown {
  checkFunction("handler()", "fn", fn);
  let serve = fn;
  let handler = (conn: unknown, ...args: unknown[]) =>
    fn(lookup.find("wrap()", conn), ...args);
  if (sslparams !== undefined) {
    checkSslParams("handler()", sslparams, "server");
    // Loaded now, while there are descriptors left: Deno ends the process when
    // it can't open the file. If it can't be loaded, the handshakes say so.
    loadEngine().catch(() => {});
    serve = async (skt, ...args) => {
      keepSslParams(skt, "wrap()", sslparams);
      await secureAsServer(skt as StreamSocket);
      await fn(skt, ...args);
    };
    // What is wrong with the connection fails like the handshake.
    handler = async (conn, ...args) => {
      await serve(lookup.find("wrap()", conn), ...args);
    };
  }
  setSocketHandler(handler, serve, sslparams !== undefined);
  return handler;
}

/** Seconds that workers may take, beyond the grace, to end. */
const WORKERS_END = 10;

/** Runs a server in workers; when the dispatcher exits, they are stopped. */
export function addWorkers(
  { scheduler, network, serverRegistry }: Context,
  module: URL,
  options: WorkersOptions,
): Workers {
  refuseUnixSocket(options);
  const { scopes } = network.policy;
  const workers = network.listenInWorkers(
    options,
    () => new Workers(scheduler, module, options, scopes),
  );
  serverRegistry.workers.add(workers);
  workers.over.then(() => void serverRegistry.workers.delete(workers));
  scheduler.spawn(`${workers.name}:exit`, async () => {
    // A loop that begins takes back the exit of an earlier one.
    if (!scheduler.driver.running) await yieldTurn(scheduler);
    if (!scheduler.lifecycle.isExiting) await scheduler.exits.wait();
    const shutdown = scheduler.lifecycle.shutdown as Shutdown | undefined;
    if (shutdown === undefined) return await workers.stop();
    // They cut what they serve themselves, after the same time as this dispatcher.
    const { grace } = shutdown;
    const stop = () => workers.stop(grace);
    await shielded(scheduler, stop, grace + WORKERS_END);
    shutdown.add(workers.drained);
  });
  return workers;
}

/**
 * The dispatcher's connections for libraries that take a stream of `node:stream`
 * or a socket of `node:net`, and their streams for the dispatcher's threads.
 *
 * | Call | For |
 * |---|---|
 * | {@linkcode duplex} | a Copas socket where a library wants a socket of `node:net` |
 * | {@linkcode socketof} | a stream of a library's where a thread wants a Copas socket |
 * | {@linkcode listener} | a library's server behind `copas.addserver` |
 * | {@linkcode agent} | our connections under the clients of `node:http` |
 *
 * All of it belongs to the dispatcher: its limits, names and network scope hold,
 * and a thread that is removed takes its streams along.
 *
 * @example Lines of a client, HTTP for browsers
 * ```ts
 * import { createServer } from "node:http";
 * import copas from "jsr:@copas/copas";
 * import { listener } from "jsr:@copas/copas/node";
 *
 * const server = createServer((_request, response) => {
 *   response.end("hello\n");
 * });
 * copas.addserver(
 *   copas.socket.bind("127.0.0.1", 8080),
 *   listener(copas, server),
 * );
 * await copas.loop();
 * ```
 *
 * @module
 */

export { agent, type AgentOptions } from "./agent.ts";
export type { NodeCertificate } from "./certificate.ts";
export { duplex, type DuplexSocket } from "./duplex.ts";
export {
  type ConnectionEmitter,
  listener,
  type ListenerHost,
} from "./listener.ts";
export type { DuplexOptions } from "./net_duplex.ts";
export { type SocketHost, socketof } from "./socketof.ts";
export type { RequestHost } from "../requests/host.ts";

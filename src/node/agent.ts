/**
 * `agent`: connections of the dispatcher for the clients of `node:http` and
 * `node:https`.
 *
 * @module
 */

import { Agent, type AgentOptions as NodeOptions } from "node:http";
import type { Duplex } from "node:stream";
import { checkHost, type RequestHost } from "../requests/host.ts";
import { formatAddress } from "../net/address.ts";
import { abandon } from "../requests/socket_duplex.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { AgentDuplex } from "./agent_duplex.ts";
import { nodeError } from "./node_error.ts";

/** How an agent is made: the options of `http.Agent`, and TLS. */
export interface AgentOptions extends NodeOptions {
  /** How TLS is done: the agent is one for `https:` then. `{}` is enough. Default: an agent for `http:`. */
  sslparams?: SslParams | SslParamsSource;
}

/** What node tells of a connection that a request needs. */
interface Target {
  host?: string | null;
  port?: number | string | null;
  socketPath?: string | null;
  timeout?: number;
  rejectUnauthorized?: boolean;
}

type Created = (error: Error | null, socket: Duplex) => void;

class CopasAgent extends Agent {
  readonly #copas: RequestHost;
  readonly #sslparams?: SslParams | SslParamsSource;

  constructor(
    copas: RequestHost,
    { sslparams, ...options }: AgentOptions,
  ) {
    super({
      keepAlive: true,
      ...sslparams === undefined
        ? undefined
        : { protocol: "https:", defaultPort: 443 },
      ...options,
    } as NodeOptions);
    this.#copas = copas;
    this.#sslparams = sslparams;
  }

  /** Node calls it when it has no idle connection for a request. */
  override createConnection(target: Target, created?: Created): Duplex {
    this.#connect(target).then(
      (socket) => created?.(null, socket),
      (error) => created?.(nodeError(error, "connect"), undefined as never),
    );
    // The types of node don't have it, but nothing means that it comes later.
    return undefined as never;
  }

  async #connect(target: Target): Promise<AgentDuplex> {
    if (target.socketPath || target.rejectUnauthorized === false) {
      throw new TypeError(
        target.socketPath
          ? `agent(): cannot connect to ${target.socketPath}: it connects by TCP`
          : "agent(): rejectUnauthorized: false is not supported; name the trusted authority by caCerts in sslparams",
      );
    }
    const host = target.host ?? "localhost";
    const port = Number(target.port);
    const skt = this.#copas.socket.tcp({
      name: `agent: ${formatAddress(host, port)}`,
      sslparams: this.#sslparams,
    });
    try {
      const timeout = target.timeout ? target.timeout / 1000 : undefined;
      await skt.connect(host, port, { timeout });
      return new AgentDuplex(skt);
    } catch (error) {
      abandon(skt);
      throw error;
    }
  }

  /** Idle connections that the server has ended meanwhile are of no use to `request`. */
  addRequest(...args: unknown[]): void {
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of [...sockets ?? []] as unknown as AgentDuplex[]) {
        if (socket.isStale) socket.destroy();
      }
    }
    // The types of node don't have it, but every request calls it.
    (Agent.prototype as unknown as { addRequest(...args: unknown[]): void })
      .addRequest.apply(this, args);
  }
}

/**
 * Makes an agent for the clients of `node:http`, and with `sslparams` for those
 * of `node:https`: their requests go over connections of the dispatcher, within
 * its network scope. Connections are kept for the next request.
 *
 * A request belongs to the thread that makes it: when that is removed, the
 * request fails, with the code `ECANCELED`. A kept connection belongs to no
 * thread, and does not keep `loop()` going; `agent.destroy()` closes those that
 * are left.
 *
 * @param copas the dispatcher or view
 * @param options `sslparams`: how TLS is done, for `https:`; and those of
 * `http.Agent`: `maxSockets`, `maxFreeSockets`, `timeout` in milliseconds and so
 * on. Default: for `http:`, with `keepAlive`
 * @returns the agent, for the option `agent` of a request
 * @throws {TypeError} when `copas` is no dispatcher, or an option is of the wrong
 * type
 *
 * @example
 * ```ts
 * import { get } from "node:https";
 * import copas from "jsr:@copas/copas";
 * import { agent } from "jsr:@copas/copas/node";
 *
 * const https = agent(copas, { sslparams: {} });
 * copas.addthread(() => {
 *   get("https://example.com/", { agent: https }, (response) => {
 *     console.log(response.statusCode);
 *     response.resume();
 *   });
 * });
 * await copas.loop();
 * ```
 */
export function agent(copas: RequestHost, options: AgentOptions = {}): Agent {
  checkHost("agent()", copas);
  return new CopasAgent(copas, options);
}

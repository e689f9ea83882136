/**
 * The cluster on NATS JetStream: queue, lock, publish-subscribe and keys that
 * processes and machines share.
 *
 * The connection is one of the dispatcher: its network scope holds, and
 * `--allow-net=host:port` is all that the program needs.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * const jobs = cluster.queue<string>({ name: "jobs" });
 * jobs.addworker((job) => console.log(job));
 * await jobs.push("first", { id: "1" });
 * await copas.loop();
 * ```
 *
 * @module
 */

import type { Cluster } from "../cluster/cluster.ts";
import { waitForCall } from "../core/call.ts";
import { NatsCluster } from "./cluster.ts";
import { errors } from "npm:@nats-io/nats-core@^3.4.0";
import { EngineError } from "../cluster/engine_error.ts";
import { TimeoutError } from "../errors/errors.ts";
import { Connection, type ConnectionSettings } from "./connection.ts";
import { Engine } from "./engine.ts";
import { JetStream } from "./jetstream.ts";
import { type NatsOptions, readOptions } from "./options.ts";
import { schedulerOf } from "./transport.ts";

export type {
  Cluster,
  ClusterStatus,
  Message,
  SubscribeOptions,
  Subscription,
} from "../cluster/cluster.ts";
export {
  EngineError,
  type EngineErrorOptions,
} from "../cluster/engine_error.ts";
export type { NatsOptions } from "./options.ts";
export type { ClusterHost } from "./transport.ts";

/**
 * Connects to one of several NATS servers with JetStream.
 *
 * When the connection is lost it is made again, with longer and longer pauses up
 * to two seconds, to one server of the list after the other. Calls wait
 * meanwhile, and subscriptions go on afterwards. An open connection does not
 * keep `loop()` going; a worker does, and a thread that waits for a message. It
 * keeps the process alive until it is closed: `await using`.
 *
 * @param servers one or several addresses: `"nats://10.0.0.5:4222"`; with
 * `tls://` the connection is secured. A user and a password, or a token, may
 * stand in it
 * @param options `copas`, the dispatcher, and how to connect
 * @returns the cluster, connected
 * @throws {TypeError} when an address or an option is wrong, and the message says how
 * @throws {RangeError} when a number is out of range
 * @throws {TimeoutError} when no server answered in time
 * @throws {EngineError} when the server refuses the login, or has no JetStream
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example Three servers, TLS, and a login by nkey
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect(
 *   ["tls://n1.example.com:4222", "tls://n2.example.com:4222", "tls://n3.example.com:4222"],
 *   { copas, replicas: 3, nkey: Deno.env.get("NATS_SEED") },
 * );
 * console.log(cluster.status().server);
 * ```
 */
export async function connect(
  servers: string | string[],
  options: NatsOptions,
): Promise<Cluster> {
  const { settings, replicas, timeout, signal } = readOptions(servers, options);
  const { host } = settings;
  const leave = new AbortController();
  const opening = async () => {
    const connection = await openConnection(settings);
    const jetstream = new JetStream(connection, replicas);
    try {
      leave.signal.throwIfAborted();
      await jetstream.check(leave.signal);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new NatsCluster(new Engine(host, connection, jetstream));
  };
  return await waitForCall(schedulerOf(host), opening, {
    messagePrefix: `Cannot connect to ${settings.client.servers}`,
    timeout,
    signal,
    onabandon: () => leave.abort(new Error("the call was given up")),
    ondiscard: (cluster) => void cluster.close(),
  });
}

/** Connects; what only the client knows of becomes an error of ours. */
async function openConnection(
  settings: ConnectionSettings,
): Promise<Connection> {
  try {
    return await Connection.open(settings);
  } catch (error) {
    if (error instanceof errors.TimeoutError) {
      throw new TimeoutError(
        `Cannot connect to ${settings.client.servers}: no NATS server answers within ${settings.timeout} s`,
        { cause: error },
      );
    }
    const isLogin = error instanceof errors.AuthorizationError ||
      error instanceof errors.UserAuthenticationExpiredError;
    if (!isLogin) throw error;
    throw new EngineError(
      `Cannot connect to ${settings.client.servers}: the login is refused`,
      { text: error.message, cause: error },
    );
  }
}

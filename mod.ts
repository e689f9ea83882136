/**
 * A socket server library for Deno: one dispatcher serves thousands of
 * connections, timers and threads, and each handler reads as if it blocked. The
 * API is that of Copas, Lua's coroutine-oriented dispatcher.
 *
 * - **Servers**: {@linkcode Copas.addserver} with a handler for each client;
 *   limits against attacks, a handle to watch and drain it, a graceful end
 *   ({@linkcode Copas.shutdownon}).
 * - **Sockets**: {@linkcode StreamSocket} receives lines, bytes, frames and what
 *   stands before a delimiter, each with a timeout and an `AbortSignal`; a
 *   timeout loses no byte. TLS on both sides. {@linkcode DatagramSocket} for UDP.
 * - **Threads** ({@linkcode Copas.addthread}) are async functions that the
 *   dispatcher runs; for them there are timers, locks, semaphores, queues,
 *   futures, races, limiters and pools of connections.
 * - **Scope**: `new Copas({ net })` and {@linkcode Copas.scoped} reach fewer
 *   addresses than the process; {@linkcode Copas.netaccess} prints the flags that
 *   a program needs.
 * - Other entry points: `./http`, `./ftp`, `./smtp` for requests, `./node` for
 *   libraries that take a stream of `node:stream`, `./systemd` for
 *   sockets handed over, `./testing` for a clock that jumps.
 *
 * Permissions: none to import it and to make a dispatcher; a server on
 * `127.0.0.1:8080` needs `--allow-net=127.0.0.1:8080`; UDP needs `--unstable-net`
 * besides.
 *
 * Times are in seconds. Errors extend {@linkcode CopasError}, and `code` is
 * Copas's string; the end of a stream is no error: `receive` resolves to `null`.
 *
 * @example A line echo server with limits and a graceful end
 * ```ts
 * import copas, { type StreamSocket } from "jsr:@copas/copas";
 *
 * const echo = copas.handler(async (skt: StreamSocket) => {
 *   for await (const line of skt) await skt.send(line + "\n");
 * });
 * copas.addserver(copas.socket.bind("127.0.0.1", 8080), echo, {
 *   maxConnections: 1000,
 *   idletimeout: 60,
 * });
 * copas.shutdownon(["SIGINT", "SIGTERM"], { grace: 10 });
 * await copas.loop();
 * ```
 *
 * @example A client, with a limit for each call
 * ```ts
 * import copas, { TimeoutError } from "jsr:@copas/copas";
 *
 * await using skt = await copas.socket.connect("127.0.0.1", 8080, { timeout: 5 });
 * await skt.send("hello\n");
 * try {
 *   console.log(await skt.receive("*l", { timeout: 1 }));
 * } catch (error) {
 *   if (!(error instanceof TimeoutError)) throw error;
 *   console.log("no answer within a second");
 * }
 * ```
 *
 * @example Threads that share a queue
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const jobs = copas.queue.new<string>({ maxsize: 100 });
 * for (let i = 0; i < 4; i++) {
 *   jobs.addworker(async (job) => {
 *     await copas.pause(0.1);
 *     console.log(`${copas.getthreadname()} did ${job}`);
 *   });
 * }
 * copas.addthread(async () => {
 *   for (let i = 1; i <= 10; i++) await jobs.push(`job ${i}`);
 *   await jobs.finish();
 * });
 * await copas.loop();
 * ```
 *
 * @module
 */

export type { Clock, ClockHost } from "./src/core/clock.ts";
export type { Attributes } from "./src/core/counts.ts";
export type { Distribution } from "./src/core/histogram.ts";
export type {
  DistributionMetric,
  DistributionPoint,
  MetricInfo,
  Metrics,
  NumberMetric,
  NumberPoint,
} from "./src/core/metrics.ts";
export type { SlowThread } from "./src/core/slow_threads.ts";
export type { StepStatistics } from "./src/core/step_timings.ts";
export type { ErrorHandler, Task } from "./src/core/task.ts";
export type { WaitOptions } from "./src/errors/wait_options.ts";
export { Copas, type CopasOptions } from "./src/copas/copas.ts";
export type { Debug, Logger } from "./src/copas/debug.ts";
export type {
  Dispatcher,
  Sockets,
  Threads,
  Tools,
  WorkerServers,
} from "./src/copas/parts.ts";
export type {
  DatagramLike,
  Socket,
  SocketLike,
  StreamLike,
} from "./src/socket/kinds.ts";
export type { Counts } from "./src/core/status.ts";
export type { Status, WorkerCounts } from "./src/server/status.ts";
export { EncodingError } from "./src/errors/encoding_error.ts";
export {
  CancelledError,
  ClosedError,
  CopasError,
  DestroyedError,
  type ErrorCode,
  HandshakeError,
  ScopeError,
  TimeoutError,
  TooLongError,
  TooManyError,
  type TransferErrorOptions,
} from "./src/errors/errors.ts";
export type { NetAccess } from "./src/net/access.ts";
export type { NetScope } from "./src/net/scope.ts";
export type { Endpoint } from "./src/net/address.ts";
export type { Called, Protected } from "./src/copas/protect.ts";
export type { ProxyProtocolOptions } from "./src/server/proxy_gate.ts";
export type { ServerLimits, ServerOptions } from "./src/server/options.ts";
export type { Server, ServerStatus } from "./src/server/server.ts";
export type { AcceptRate } from "./src/server/accept_rate.ts";
export type { HandshakeOptions } from "./src/socket/timeouts.ts";
export type { WatchLimits } from "./src/socket/watch_limits.ts";
export type { ServerCounters } from "./src/server/counters.ts";
export type {
  ServerConnection,
  ServerConnectionStatus,
} from "./src/server/server_connection.ts";
export type { Drained, DrainOptions } from "./src/server/drain.ts";
export type { DatagramServerHandle } from "./src/server/datagram_handle.ts";
export {
  type Datagram,
  type DatagramOption,
  type DatagramOptionValues,
  DatagramSocket,
  type DatagramSocketOptions,
  type MulticastGroup,
} from "./src/socket/datagram_socket.ts";
export type { SocketFactory as SocketMaker } from "./src/socket/factory.ts";
export type { Limits } from "./src/socket/limits.ts";
export type { Lent } from "./src/pool/lent.ts";
export type { PoolFactory as PoolMaker } from "./src/pool/factory.ts";
export type { Pool, PoolOptions } from "./src/pool/pool.ts";
export type {
  ConnectOptions,
  ProxyClient,
} from "./src/socket/proxy_address.ts";
export type { RelayOptions } from "./src/socket/relay.ts";
export type { LingerOptions } from "./src/socket/linger.ts";
export type {
  FrameFormat,
  PeekOptions,
  ReceiveFrameOptions,
  ReceiveOptions,
  SendFrameOptions,
  UntilOptions,
} from "./src/socket/receive_options.ts";
export type { Pattern, Size } from "./src/socket/pattern.ts";
export type { SocketOption } from "./src/socket/tcp_options.ts";
export type { StreamSocketOptions } from "./src/socket/socket_options.ts";
export { StreamSocket } from "./src/socket/stream_socket.ts";
export type {
  StreamSocket as StreamEndpoint,
  StreamSocket as TlsEndpoint,
} from "./src/socket/stream_socket.ts";
export type {
  CertifiedKey,
  SslParams,
  SslParamsSource,
  TlsMode,
} from "./src/tls/params.ts";
export type { PeerCertificate } from "./src/tls/session.ts";
export type { WorkerReport } from "./src/workers/handle.ts";
export type { PemOrFile, WorkerSslParams } from "./src/workers/ssl_files.ts";
export type {
  Workers,
  WorkersOptions,
  WorkerStatus,
} from "./src/workers/workers.ts";
export type { Timeouts } from "./src/socket/timeouts.ts";
export type { Future } from "./src/sync/future.ts";
export type { Outcome } from "./src/sync/future_state.ts";
export type { Held } from "./src/sync/held.ts";
export type { Lock, LockOptions } from "./src/sync/lock.ts";
export type {
  FutureFactory as FutureMaker,
  LockFactory as LockMaker,
  QueueFactory as QueueMaker,
  SemaphoreFactory as SemaphoreMaker,
  TimerFactory as TimerMaker,
} from "./src/sync/factories.ts";
export type {
  Limiter,
  LimiterFactory as LimiterMaker,
  LimiterOptions,
  TakeOptions,
} from "./src/sync/limiter.ts";
export type { Queue, QueueOptions } from "./src/sync/queue.ts";
export type { ResolvableFuture } from "./src/sync/resolvable_future.ts";
export type { Semaphore, SemaphoreOptions } from "./src/sync/semaphore.ts";
export type { Timer, TimerOptions } from "./src/sync/timer.ts";

export { default } from "./src/copas/default.ts";

/**
 * The face of the library: the class `Copas`. Each method hands on to the part
 * of the dispatcher that does the work; all parts share one context.
 *
 * @module
 */

import { pacedCall, resolvedCall } from "../core/immediate_call.ts";
import type { ErrorHandler, Task } from "../core/task.ts";
import { setBehind } from "../core/faces.ts";
import type { Metrics } from "../core/metrics.ts";
import { traceback } from "../core/traceback.ts";
import { checkFunction, wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { NetAccess } from "../net/access.ts";
import type { NetScope } from "../net/scope.ts";
import type { Drained, DrainOptions } from "../server/drain.ts";
import type { DatagramServerHandle } from "../server/datagram_handle.ts";
import type { ServerOptions } from "../server/options.ts";
import type { Server } from "../server/server.ts";
import { fullStatus, type Status } from "../server/status.ts";
import type {
  Datagram,
  DatagramSocket,
  DatagramSocketOptions,
} from "../socket/datagram_socket.ts";
import type { PoolFactory } from "../pool/factory.ts";
import type { SocketFactory } from "../socket/factory.ts";
import {
  type DatagramLike,
  isListener,
  type Socket,
  type SocketLike,
  type StreamLike,
} from "../socket/kinds.ts";
import type { Pattern, Size } from "../socket/pattern.ts";
import type { ConnectOptions } from "../socket/proxy_address.ts";
import type { RelayOptions } from "../socket/relay.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { changedTimeouts, sameTimeouts } from "../socket/timeouts.ts";
import type {
  FutureFactory,
  LockFactory,
  QueueFactory,
  SemaphoreFactory,
  TimerFactory,
} from "../sync/factories.ts";
import type { LimiterFactory } from "../sync/limiter.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { Workers, WorkersOptions } from "../workers/workers.ts";
import {
  type Context,
  type CopasOptions,
  createContext,
  narrowContext,
} from "./context.ts";
import { bindMethods } from "./bound_methods.ts";
import type { Debug } from "./debug.ts";
import * as dispatcher from "./loop.ts";
import { metrics } from "./metrics.ts";
import { type Called, pcall, protect, type Protected } from "./protect.ts";
import { race } from "./race.ts";
import * as servers from "./servers.ts";
import { shutDown, shutDownOn } from "./shutdown.ts";
import * as sockets from "./sockets.ts";
import * as threads from "./threads.ts";
import * as time from "./time.ts";

export type { CopasOptions };

/**
 * A dispatcher: servers, sockets, threads.
 *
 * The module's default export is one. Make others with `new Copas()`; each is
 * apart from the others in every way.
 *
 * @example An echo server
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const server = copas.socket.bind("127.0.0.1", 8080);
 * copas.addserver(server, async (conn) => {
 *   for (let line; (line = await copas.receive(conn)) !== null;) {
 *     await copas.send(conn, line + "\n");
 *   }
 * });
 * await copas.loop();
 * ```
 */
export class Copas {
  /** Makes sockets as LuaSocket does: `bind`, `tcp`, `udp`, `connect`. */
  readonly socket: SocketFactory;
  /** Makes timers: each calls a function after some time, once or again and again. */
  readonly timer: TimerFactory;
  /** Makes locks: each lets one thread at a time do something. */
  readonly lock: LockFactory;
  /** Makes semaphores: each lets a number of threads at a time do something. */
  readonly semaphore: SemaphoreFactory;
  /** Makes queues: each hands items from thread to thread. */
  readonly queue: QueueFactory;
  /** Makes futures: each is a thread whose result other threads can wait for. */
  readonly future: FutureFactory;
  /** Makes limiters: each says how often something may happen. */
  readonly limiter: LimiterFactory;
  /** Makes pools: each lends connections of a client, and takes them back. */
  readonly pool: PoolFactory;
  /** Logs what threads and sockets do. */
  readonly debug: Debug;
  readonly #context: Context;

  /**
   * Makes a dispatcher of its own.
   *
   * @param options `clock` is where its time comes from, by default the
   * machine's monotonic clock; `net` is its network scope, by default all that
   * Deno grants
   * @throws {TypeError} when an entry of `net` is wrong, and the message says
   * which and why; when `clock` is not a clock; or when there is an unknown option
   */
  constructor(options?: CopasOptions);
  /** @ignore */
  constructor(options: CopasOptions, context: Context);
  constructor(
    options: CopasOptions = {},
    context: Context = createContext(options),
  ) {
    this.#context = context;
    setBehind(this, context);
    this.socket = context.socket;
    this.timer = context.timer;
    this.lock = context.lock;
    this.semaphore = context.semaphore;
    this.queue = context.queue;
    this.future = context.future;
    this.limiter = context.limiter;
    this.pool = context.pool;
    this.debug = context.debug;
    bindMethods(this, Copas.prototype);
    servers.handlerMakers.add(this.handler);
  }

  // --- Network scope --------------------------------------------------------------

  /**
   * Makes a narrower view of this dispatcher: the same threads, servers and
   * sockets, but what is opened through the view must be in its network scope as
   * well as in this dispatcher's.
   *
   * A socket keeps the scope of the view that made it.
   *
   * @param options `net` is the network scope of the view
   * @returns the view
   * @throws {TypeError} when `net` is missing, or an entry of it is wrong; the
   * message says which, and why; or when there is an unknown option
   *
   * @example Lend a part of the program the mail server, and nothing else
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const mail = copas.scoped({ net: ["mail.example.com:465"] });
   * await mail.socket.connect("example.com", 80); // ScopeError
   * ```
   */
  scoped(options: { net: NetScope }): Copas {
    const { net } = options ?? {};
    if (net === undefined) {
      throw wrongType("scoped()", "net", "a network scope", net);
    }
    checkKeys("scoped()", "the options", options, ["net"]);
    return new Copas({}, narrowContext(this.#context, net));
  }

  /**
   * Tells what Copas has opened for this dispatcher, or for this view of one.
   *
   * @returns the shortest grant that would have been enough. As text it is
   * Deno's flags
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.socket.bind("127.0.0.1", 8080).close();
   * console.log(String(copas.netaccess())); // --allow-net=127.0.0.1:8080
   * ```
   */
  netaccess(): NetAccess {
    return this.#context.network.policy.access;
  }

  // --- Threads ----------------------------------------------------------------------

  /**
   * Starts `fn` as a thread: it runs at once, up to its first wait. Then it goes
   * on in a later step of the dispatcher, when what it waits for has come.
   *
   * An error that leaves the thread goes to its error handler.
   *
   * @param fn the function, usually an async one
   * @param args what `fn` is called with
   * @returns the thread
   * @throws {TypeError} when `fn` is not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async (name: string) => {
   *   await copas.pause(1);
   *   console.log(`a second later, ${name}`);
   * }, "Lua");
   * await copas.loop();
   * ```
   */
  addthread<A extends unknown[]>(
    fn: (...args: A) => unknown,
    ...args: A
  ): Task {
    return threads.start(this.#context, fn, args);
  }

  /**
   * Starts `fn` as a thread with a name: it runs at once, up to its first wait.
   * Then it goes on in a later step of the dispatcher, when what it waits for
   * has come.
   *
   * An error that leaves the thread goes to its error handler.
   *
   * @param name the thread's name, for errors, `status()` and the log
   * @param fn the function, usually an async one
   * @param args what `fn` is called with
   * @returns the thread
   * @throws {TypeError} when `name` is not a string, or `fn` not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addnamedthread("greeter", async () => {
   *   await copas.pause(1);
   *   console.log(copas.getthreadname()); // greeter
   * });
   * await copas.loop();
   * ```
   */
  addnamedthread<A extends unknown[]>(
    name: string,
    fn: (...args: A) => unknown,
    ...args: A
  ): Task {
    return threads.startNamed(this.#context, name, fn, args);
  }

  /**
   * Removes a thread: what it waits for fails with a `CancelledError`, now and
   * ever after, so that its `finally` blocks run. So does every `receive` and
   * `send`, even one whose data is there; `shield` lets a `finally` call them. If the
   * error leaves the thread, no error handler is called. A thread that has ended
   * is left alone.
   *
   * `loop()` does not wait for what a removed thread does that is not Copas's.
   * A thread that catches the error and waits again, over and over, is given up
   * after the hundredth time: it is not resumed any more, its connection is
   * closed, and its error handler is told.
   *
   * @param task the thread, as `addthread` returned it
   * @throws {TypeError} when `task` is not a thread of this dispatcher, or is that
   * of the code outside every thread
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const ticker = copas.addthread(async () => {
   *   try {
   *     for (;;) await copas.pause(1);
   *   } finally {
   *     console.log("no more ticks");
   *   }
   * });
   * copas.addthread(async () => {
   *   await copas.pause(3.5);
   *   copas.removethread(ticker);
   * });
   * await copas.loop();
   * ```
   */
  removethread(task: Task): void {
    threads.remove(this.#context, task);
  }

  /**
   * Runs what has to be done before a removed thread goes, usually in a
   * `finally`: under the shield, the calls of the thread go on although it was
   * removed, or is removed meanwhile. `loop()` waits for it.
   *
   * When the time is up, the shield ends, and the removal reaches what still runs
   * under it. `cancelall()` closes the sockets that are waited for all the same. A
   * removed thread that begins one shield after the other is given up after 100;
   * shields within another one don't count.
   *
   * @param fn the function, usually an async one
   * @param options `timeout` in seconds, 0 or more; `Infinity` is no limit.
   * Default: 5
   * @returns what `fn` resolves to
   * @throws what `fn` throws
   * @throws {TimeoutError} when the time was up
   * @throws {TypeError} when `fn` is not a function, `timeout` not a number, or
   * the options have another key
   * @throws {RangeError} when `timeout` is negative or `NaN`
   *
   * @example Say goodbye to a server, also when the thread is removed
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async () => {
   *   const skt = await copas.socket.connect("127.0.0.1", 2525);
   *   try {
   *     for (;;) console.log(await skt.receive());
   *   } finally {
   *     await copas.shield(async () => {
   *       await skt.send("QUIT\r\n");
   *       await skt.receive();
   *     }, { timeout: 2 });
   *     await skt.close();
   *   }
   * });
   * ```
   */
  shield<T>(
    fn: () => T | PromiseLike<T>,
    options?: { timeout?: number },
  ): Promise<T> {
    return threads.shield(this.#context, fn, options);
  }

  /**
   * Tells which thread runs, as Lua's `coroutine.running` does: it can be handed
   * to a thread that is to wake this one.
   *
   * @returns the thread. In code outside every thread it is the one named
   * `"main"`
   *
   * @example
   * ```ts
   * import copas, { type Task } from "jsr:@copas/copas";
   *
   * const sleepers: Task[] = [];
   * copas.addthread(async () => {
   *   sleepers.push(copas.currentthread());
   *   await copas.pauseforever();
   *   console.log("woken");
   * });
   * copas.addthread(() => sleepers.forEach((task) => copas.wakeup(task)));
   * await copas.loop();
   * ```
   */
  currentthread(): Task {
    return this.#context.scheduler.current;
  }

  /**
   * Ends everything now: removes all threads but the current one, closes the
   * servers and the sockets that threads wait on, and calls `exit()`. What was
   * sent and is not written yet is not waited for.
   */
  cancelall(): void {
    this.#context.scheduler.cancelAll();
  }

  /**
   * Names a thread.
   *
   * @param name the name, for errors, `status()` and the log
   * @param task the thread; default: the current one
   * @throws {TypeError} when `name` is not a string, or `task` not a thread
   */
  setthreadname(name: string, task?: Task): void {
    threads.setName(this.#context, name, task);
  }

  /**
   * Tells the name of a thread.
   *
   * @param task the thread; default: the current one
   * @returns the name. That of the code outside every thread is `"main"`
   * @throws {TypeError} when `task` is not a thread
   */
  getthreadname(task?: Task): string {
    return threads.nameOf(this.#context, task);
  }

  /**
   * Tells what the dispatcher is doing.
   *
   * @param stats `true` begins to measure the steps; later calls tell what was
   * measured since the last one. `false` ends it. Default: leaves it as it is
   * @returns counts of threads by what they wait for, the servers, and the
   * measured times
   * @throws {TypeError} when `stats` is not a boolean
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(() => copas.pause(1));
   * const { threads, timer } = copas.status();
   * console.log(threads, timer); // 1 1
   * ```
   */
  status(stats?: boolean): Status {
    return fullStatus(this.#context.scheduler, stats);
  }

  /**
   * Tells what the dispatcher has counted: connections, bytes, waits, errors,
   * requests, and how long its threads kept the event loop. Names and units
   * follow OpenTelemetry's conventions. Counting is always on; how long threads
   * keep the loop is measured from the first call on.
   *
   * @returns a snapshot, which does not change
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.timer.new({
   *   delay: 10,
   *   recurring: true,
   *   callback() {
   *     const { "copas.loop.hold.longest": longest } = copas.metrics();
   *     console.log(`${longest.points[0].value} s`);
   *   },
   * });
   * await copas.loop();
   * ```
   */
  metrics(): Metrics {
    return metrics(this.#context);
  }

  // --- Errors -------------------------------------------------------------------------

  /**
   * Makes a function that resolves to values where `fn` throws one of Copas's
   * errors. Every other error is thrown on.
   *
   * @param fn the function; a promise that it returns is awaited
   * @returns a function with the parameters of `fn`. It resolves to
   * `[value, undefined]`, or to `[null, code, error]` when `fn` throws one of
   * Copas's errors
   * @throws {TypeError} when `fn` is not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const answer = Promise.withResolvers<string>();
   * const get = copas.protect(() => copas.wait(answer.promise, { timeout: 0.1 }));
   * const [value, code] = await get();
   * if (code) console.log(`no luck: ${code}`);
   * else console.log(value.length);
   * ```
   */
  protect<A extends unknown[], T>(
    fn: (...args: A) => T | Promise<T>,
  ): (...args: A) => Promise<Protected<Awaited<T>>> {
    checkFunction("protect()", "fn", fn);
    return protect(this.#context.scheduler, fn);
  }

  /**
   * Calls a function, and resolves to values whatever it throws, as Lua programs
   * have them.
   *
   * @param fn the function; a promise that it returns is awaited
   * @param args what `fn` is called with
   * @returns `[value]`; or `[null, "closed"]` when the value is `null`, as at the
   * end of a stream; or `[null, message, error]` when `fn` throws: `message` is
   * the `code` of an error of Copas's, and the message of any other
   * @throws {TypeError} when `fn` is not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = await copas.socket.connect("127.0.0.1", 8080);
   * const [line, err] = await copas.pcall(() => skt.receive());
   * if (line === null) console.log(`no line: ${err}`);
   * else console.log(line);
   * ```
   */
  pcall<A extends unknown[], T>(
    fn: (...args: A) => T | PromiseLike<T>,
    ...args: A
  ): Promise<Called<T>> {
    return pcall(this.#context.scheduler, fn, args);
  }

  /**
   * Sets what is called with the errors that leave the current thread. Outside
   * every thread it sets the default error handler.
   *
   * The handler may be async: the thread ends, and its connection is closed, when
   * it has finished. An error that leaves the handler is printed.
   *
   * Two errors are the ordinary end of a thread and are not reported: a
   * `CancelledError` when the thread was removed or the dispatcher is exiting,
   * and in the handler of a connection a `ClosedError` that says that this very
   * connection was closed, here or by the peer. The error of an async function or
   * a call that the thread has begun and did not await is reported as well.
   *
   * @param fn the error handler; `undefined` puts back the default one, which
   * prints the error with its traceback. An error that a peer causes (a timeout, a
   * handshake, a line too long) takes one line, and after ten of a kind one line
   * every 10 seconds tells how many more there were
   * @param isdefault whether `fn` becomes the default error handler, for all
   * threads without one of their own; `fn` must be given then. Default: `false`
   * @throws {TypeError} when `fn` is not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.seterrorhandler((error, task, socket) => {
   *   console.error(copas.gettraceback(error, task, socket));
   * }, true);
   * copas.addthread(() => {
   *   throw new Error("on purpose");
   * });
   * ```
   */
  seterrorhandler(fn?: ErrorHandler, isdefault = false): void {
    threads.setErrorHandler(this.#context, fn, isdefault);
  }

  /**
   * Tells the error handler of a thread.
   *
   * @param task the thread; default: the current one
   * @returns the thread's own error handler, or the default one if it has none
   * @throws {TypeError} when `task` is not a thread
   */
  geterrorhandler(task?: Task): ErrorHandler {
    return threads.errorHandlerOf(this.#context, task);
  }

  /**
   * Tells an error as text.
   *
   * @param error what was thrown; any value
   * @param task the thread that it left; default: none
   * @param socket the socket that it is about; default: none
   * @returns the message, the names of thread and socket, the stack, and what
   * caused it
   */
  gettraceback(error?: unknown, task?: Task, socket?: unknown): string {
    return traceback(error, task, socket);
  }

  // --- The loop ------------------------------------------------------------------------

  /**
   * Runs the dispatcher until nothing is left to do: no server, no thread that
   * waits for a socket, for time or for a promise. A thread that sleeps until it
   * is woken does not count. Or until `exit()` was called and the threads have
   * ended; servers don't count then.
   *
   * @param init a function to start as a thread first; default: none. A number
   * here is the timeout
   * @param timeout seconds; it has no effect here, and is there because Copas
   * has it. Default: none
   * @returns a promise that resolves when nothing is left to do. It is rejected
   * with what `init` throws, at once: the loop ends, and the other threads stay
   * where they are
   * @throws {Error} when a `loop()` or a `step()` of the dispatcher is under way,
   * or in a thread, which would wait for its own end
   * @throws {TypeError} when `init` is not a function, or `timeout` not a number
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * await copas.loop(async () => {
   *   await copas.pause(1);
   *   console.log("a second later");
   * });
   * console.log("nothing is left to do");
   * ```
   */
  loop(init?: (() => unknown) | number, timeout?: number): Promise<void> {
    return dispatcher.loop(this.#context, init, timeout);
  }

  /**
   * Does one step: waits for something to be ready, and runs what is. When it
   * resolves, the threads that it resumed have run up to their next wait.
   *
   * @param timeout the longest wait in seconds; 0 does not wait, a negative
   * number is no limit. Default: no limit
   * @returns whether anything was ready
   * @throws {Error} when a `loop()` or a `step()` of the dispatcher is under way
   * @throws {TypeError} when `timeout` is not a number
   * @throws {RangeError} when `timeout` is `NaN`
   *
   * @example A loop of one's own
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async () => await copas.pause(0.5));
   * while (!copas.finished()) {
   *   await copas.step(0.1);
   *   console.log("between the steps");
   * }
   * ```
   */
  step(timeout?: number): Promise<boolean> {
    return dispatcher.step(this.#context, timeout);
  }

  /**
   * Tells whether nothing is left to do.
   *
   * @returns whether `loop()` would return at once
   */
  finished(): boolean {
    return this.#context.scheduler.finished;
  }

  /** Whether `loop()` runs. */
  get running(): boolean {
    return this.#context.scheduler.driver.running;
  }

  /**
   * Says that the program is to end: threads in `waitforexit` go on, servers
   * accept no more, and `loop()` returns when the threads have ended. It ends no
   * thread itself. `loop()` calls it when nothing is left to do.
   *
   * @example End on a signal
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * Deno.addSignalListener("SIGTERM", () => copas.exit());
   * await copas.loop();
   * ```
   */
  exit(): void {
    this.#context.scheduler.driver.exit();
  }

  /**
   * Tells whether `exit()` was called since the loop began.
   *
   * @returns `true` after `exit()`, or when `loop()` has found nothing left to do,
   * until the loop has ended
   */
  exiting(): boolean {
    return this.#context.scheduler.lifecycle.isExiting;
  }

  /**
   * Waits until `exit()` is called. A thread that waits so does not keep
   * `loop()` going.
   *
   * @param options `timeout` in seconds, by default no limit; `signal` to give up
   * @returns a promise that resolves when `exit()` is called, or at once when it
   * was called already
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an option has the wrong type
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async () => {
   *   await copas.waitforexit();
   *   console.log("cleaning up");
   * });
   * await copas.loop();
   * ```
   */
  waitforexit(options?: WaitOptions): Promise<void> {
    return dispatcher.waitForExit(this.#context, options);
  }

  /** Aborts when `exit()` or `shutdown()` is called: for waits that need not come to their end then, as for the next command of a client. Each loop has a signal of its own. */
  get exitsignal(): AbortSignal {
    return this.#context.scheduler.lifecycle.exitSignal;
  }

  /**
   * Ends the dispatcher within a bound.
   *
   * Servers stop listening, so that new clients are refused; threads in
   * `waitforexit` go on, and `exitsignal` aborts; recurring timers end. What is
   * served goes on. When only threads are left that wait for others, as the
   * workers of a queue do, they are removed, and `loop()` returns. What is left
   * after `grace` seconds is cut: threads are removed, and their connections
   * closed when their `finally` blocks have run, for which they have five
   * seconds at most. Servers in workers end in the same way. A server that is
   * registered meanwhile is closed at once.
   *
   * @param options `grace` in seconds, 0 or more. Default: 10
   * @returns when it is over: how many connections came to their end by
   * themselves (`served`), and how many, and how many other threads, were cut (`cut`)
   * @throws {TypeError} when `grace` is not a number, or an option is unknown
   * @throws {RangeError} when `grace` is negative or `NaN`
   *
   * @example A command that ends the server
   * ```ts
   * import copas, { type StreamSocket } from "jsr:@copas/copas";
   *
   * const handler = copas.handler(async (skt: StreamSocket) => {
   *   const signal = copas.exitsignal;
   *   while (await skt.receive("*l", { signal }) !== "shutdown");
   *   copas.shutdown({ grace: 5 });
   * });
   * copas.addserver(copas.socket.bind("127.0.0.1", 8080), handler);
   * await copas.loop();
   * ```
   */
  shutdown(options?: DrainOptions): Promise<Drained> {
    return shutDown(this.#context, options);
  }

  /**
   * Shuts the dispatcher down when the process gets one of `signals`. A second
   * one ends the process at once, with the exit code of the signal: 130 for
   * `SIGINT`, 143 for `SIGTERM`. When the loop has ended, the process no longer
   * listens to them. A signal that comes before `loop()` ends that at once.
   *
   * @param signals `["SIGINT", "SIGTERM"]`
   * @param options `grace` in seconds, as for `shutdown`. Default: 10
   * @returns what takes the listeners off: `using`, or `[Symbol.dispose]()`
   * @throws {TypeError} when there are no signals, the system does not know one,
   * `grace` is not a number, or an option is unknown
   * @throws {RangeError} when `grace` is negative or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.shutdownon(["SIGINT", "SIGTERM"], { grace: 10 });
   * await copas.loop();
   * ```
   */
  shutdownon(signals: Deno.Signal[], options?: DrainOptions): Disposable {
    return shutDownOn(this.#context, signals, options);
  }

  // --- Time --------------------------------------------------------------------------------

  /**
   * Lets the thread sleep.
   *
   * @param seconds how long; 0 lets the other threads run, and a negative number
   * is until `wakeup`. Default: 0
   * @param options `signal` to end the sleep with an error
   * @returns a promise that resolves when the time is over, or when another
   * thread wakes this one
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when `seconds` or an option has the wrong type
   * @throws {RangeError} when `seconds` is `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * await copas.sleep(0.5); // half a second
   * ```
   */
  sleep(
    seconds: number = 0,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    return time.sleep(this.#context, seconds, options);
  }

  /**
   * Lets the thread sleep, and tells how long it slept.
   *
   * @param seconds how long; 0 or a negative number lets the other threads run.
   * Default: 0
   * @param options `signal` to end the sleep with an error
   * @returns the seconds that it slept; `wakeup` can end the sleep early
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when `seconds` or an option has the wrong type
   * @throws {RangeError} when `seconds` is `NaN`
   *
   * @example Let the others run in a long computation
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * for (let i = 0; i < 1_000_000; i++) {
   *   if (i % 10_000 === 0) await copas.pause();
   * }
   * ```
   */
  pause(
    seconds: number = 0,
    options?: { signal?: AbortSignal },
  ): Promise<number> {
    return time.pause(this.#context, seconds, options);
  }

  /**
   * Lets the thread sleep until `wakeup`. It does not keep `loop()` going.
   *
   * @param options `signal` to end the sleep with an error
   * @returns the seconds that it slept
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an option has the wrong type
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const sleeper = copas.addthread(async () => {
   *   console.log(`slept ${await copas.pauseforever()} s`);
   * });
   * copas.addthread(async () => {
   *   await copas.pause(1);
   *   copas.wakeup(sleeper);
   * });
   * await copas.loop();
   * ```
   */
  pauseforever(options?: { signal?: AbortSignal }): Promise<number> {
    return time.pauseForever(this.#context, options);
  }

  /**
   * Ends the sleep of a thread. A thread that does not sleep is left alone.
   *
   * @param task the thread, as `addthread` returned it
   * @throws {TypeError} when `task` is not a thread
   */
  wakeup(task: Task): void {
    time.wake(this.#context, task);
  }

  /**
   * Sets the current thread's timeout: after `delay` seconds `callback` is
   * called with the thread, whether that still runs or not. It does not wake or
   * end the thread by itself. A thread has one timeout; a new one replaces it.
   * It keeps `loop()` going only for threads that sleep until they are woken. An
   * error of the callback goes to the default error handler.
   *
   * @param delay seconds, 0 or more; 0 or `Infinity` cancels the timeout
   * @param callback is called with the thread; needed unless `delay` cancels
   * @throws {TypeError} when `delay` is not a number, or `callback` not a function
   * @throws {RangeError} when `delay` is negative or `NaN`
   *
   * @example Sleep until another thread wakes this one, but not for longer than five seconds
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async () => {
   *   copas.timeout(5, (task) => copas.wakeup(task));
   *   const slept = await copas.pauseforever();
   *   copas.timeout(0);
   *   console.log(slept < 5 ? "woken" : "timed out");
   * });
   * await copas.loop();
   * ```
   */
  timeout(delay: number, callback?: (task: Task) => unknown): void {
    time.setTimeoutOfThread(this.#context, delay, callback);
  }

  /**
   * Tells the wall-clock time.
   *
   * @returns seconds since 1970-01-01 (UTC), with fractions
   */
  gettime(): number {
    return Date.now() / 1000;
  }

  /**
   * Waits for a promise that is not Copas's. The thread then goes on in a step,
   * like after every other wait, and can be given a timeout or removed.
   *
   * @param promise the promise, or any object with a `then`
   * @param options `timeout` in seconds, by default no limit; `signal` to give up
   * @returns what the promise resolves to
   * @throws what the promise is rejected with
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when `promise` is not a promise, or an option has the
   * wrong type
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const reply = await copas.wait(fetch("https://example.com"), { timeout: 5 });
   * console.log(reply.status);
   * ```
   */
  wait<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T> {
    return time.waitForPromise(this.#context, promise, options);
  }

  /**
   * Waits for the first of several calls. The others are withdrawn by the
   * signal, and take nothing: no line, no item, no lock.
   *
   * `Promise.race` would take the result of the first and leave the other calls
   * running: a `receive` among them eats the next line, a `pop` the next item.
   *
   * @param start makes the calls, and gives each of them the signal that it is
   * called with. For a promise that is not Copas's: `copas.wait(promise, { signal })`
   * @returns what the first call resolves to
   * @throws what the first call fails with, if it fails before another one has a
   * result
   * @throws {TypeError} when `start` is not a function, or does not return an
   * array or another iterable
   * @throws {RangeError} when `start` makes no call
   *
   * @example A line of the client, or news for it
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const news = copas.queue.new<string>();
   * const server = copas.socket.bind("127.0.0.1", 0);
   * copas.addserver(server, copas.handler(async (skt) => {
   *   for (;;) {
   *     const text = await copas.race((signal) => [
   *       skt.receive("*l", { signal }),
   *       news.pop({ timeout: Infinity, signal }),
   *     ]);
   *     if (text === null) return; // the client has hung up
   *     await skt.send(`${text}\n`);
   *   }
   * }));
   * copas.removeserver(server);
   * await copas.loop();
   * ```
   */
  race<T>(
    start: (signal: AbortSignal) => Iterable<T>,
  ): Promise<Awaited<T>> {
    return pacedCall(this.#context.scheduler, race(start));
  }

  // --- Servers -------------------------------------------------------------------------------

  /** Whether the connection of a handler is closed when the handler ends. Default: `true`. */
  get autoclose(): boolean {
    return this.#context.serverRegistry.autoclose;
  }
  set autoclose(autoclose: boolean) {
    this.#context.serverRegistry.autoclose = autoclose;
  }

  /**
   * Registers a server for connections, or for datagrams.
   *
   * For connections: `handler` runs once for each, in a thread of its own, and
   * gets the `Deno.Conn`; use the dispatcher's functions on it, or wrap the
   * handler with `copas.handler`. When the handler ends, the connection is closed
   * (see `autoclose`). An error of a handler ends its connection, and no other.
   *
   * For datagrams: `handler` runs once, in a thread of its own, and gets the
   * `Deno.DatagramConn`, or with `copas.handler` the socket. When it ends, the
   * server is removed.
   *
   * Registering the same listener or socket again replaces its handler and its
   * options.
   *
   * @param server the listener, as `copas.socket.bind`, `Deno.listen` or
   * `Deno.listenTls` makes it; or the datagram socket, Deno's or Copas's
   * @param handler serves one connection; or receives and answers datagrams
   * @param timeout seconds that a connect, send or receive of an accepted socket,
   * or of the datagram socket, may take; or an object of options, of which
   * `timeout` and `name` hold for datagrams; a negative number is no limit.
   * Default: as the listener or socket has it, at first no limit
   * @param name the server's name, from which its sockets and threads have
   * theirs. Default: a name that tells the address
   * @returns the server: its connections, counters and limits, and how to pause
   * and to end it; of datagrams its name and address, and `close`. A listener
   * that is registered again has the same
   * @throws {TypeError} when an argument has the wrong type, or an option is unknown
   * @throws {RangeError} when an option is outside its range
   * @throws {ClosedError} when the listener was closed by `removeserver`
   * @throws {ScopeError} when another part of the program opened the listener or
   * socket, and its address is outside the network scope
   *
   * @example A server that serves at most a hundred connections at once
   * ```ts
   * import copas, { type StreamSocket } from "jsr:@copas/copas";
   *
   * const echo = copas.handler(async (skt: StreamSocket) => {
   *   for await (const line of skt) await skt.send(line + "\n");
   * });
   * const server = copas.socket.bind("127.0.0.1", 8080);
   * copas.addserver(server, echo, { timeout: 60, maxConnections: 100 });
   * await copas.loop();
   * ```
   *
   * @example Answer every datagram; needs `--unstable-net`
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const server = copas.socket.udp();
   * server.setsockname("127.0.0.1", 9999);
   * copas.addserver(server, async (conn) => {
   *   for (;;) {
   *     const [bytes, ip, port] = await copas.receivefrom(conn);
   *     await copas.sendto(conn, bytes, ip, port);
   *   }
   * });
   * await copas.loop();
   * ```
   */
  // One signature, no overloads: the compiler's error is about the argument that is wrong.
  addserver<S extends Deno.Listener | DatagramLike>(
    server: S,
    handler: (
      conn: S extends Deno.Listener ? Deno.Conn : Deno.DatagramConn,
    ) => unknown,
    timeout?: number | ServerOptions,
    name?: string,
  ): S extends Deno.Listener ? Server : DatagramServerHandle {
    const added: Server | DatagramServerHandle = servers.add(
      this.#context,
      server,
      handler as servers.StreamHandler | servers.DatagramHandler,
      timeout,
      name,
    );
    return added as S extends Deno.Listener ? Server : DatagramServerHandle;
  }

  /**
   * Unregisters a server and closes it. Connections that are being served go on.
   * A server that was not registered is closed as well.
   *
   * @param server the listener or the datagram socket
   * @param keepopen leaves it open: the system keeps connections waiting until
   * the listener is registered again. Default: `false`
   * @throws {TypeError} when `server` is neither a listener nor a datagram socket
   */
  removeserver(server: Deno.Listener | DatagramLike, keepopen = false): void {
    servers.remove(this.#context, server, keepopen);
  }

  /**
   * Makes a handler of `fn` that gets a Copas socket in place of Deno's connection.
   *
   * @param fn serves one connection; further arguments of the handler are handed on
   * @param sslparams secures the connection first: `fn` gets the socket after
   * the TLS handshake. When that fails, or takes longer than the socket's connect
   * timeout (10 seconds where there is none), the connection is closed and `fn`
   * is not called. A function is called for each handshake: so a certificate can
   * be renewed while the server runs. Default: no TLS
   * @returns a handler for `addserver`
   * @throws {TypeError} when `fn` is not a function, or `sslparams` are wrong;
   * the message says which, and why
   *
   * @example A TLS echo server
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const sslparams = {
   *   cert: Deno.readTextFileSync("cert.pem"),
   *   key: Deno.readTextFileSync("key.pem"),
   * };
   * const echo = copas.handler(async (skt) => {
   *   for await (const line of skt) await skt.send(line + "\n");
   * }, sslparams);
   * copas.addserver(copas.socket.bind("127.0.0.1", 8443), echo);
   * await copas.loop();
   * ```
   */
  handler<S extends Socket = StreamSocket, A extends unknown[] = []>(
    fn: (skt: S, ...args: A) => unknown,
    sslparams?: SslParams | SslParamsSource,
  ): (
    conn: S extends StreamSocket ? Deno.Conn : Deno.DatagramConn,
    ...args: A
  ) => unknown {
    return servers.makeHandler(
      this.#context,
      fn as (skt: Socket, ...args: unknown[]) => unknown,
      sslparams,
    );
  }

  /**
   * Runs a server in workers, which share its port: over all processors, and
   * with fewer permissions than this process has.
   *
   * The handler's module exports the handler as its default, which gets the
   * Copas socket; `sslparams`, if it exports them, secure the connections first.
   * Each worker has a dispatcher of its own: the default one. `loop()` goes on
   * while there are workers.
   *
   * Needs `--unstable-net`, and `--allow-read` of the module and what it imports.
   * `permissions` need `--unstable-worker-options`: without it Deno itself ends
   * the process, with a message that names the flag.
   *
   * @param module the URL of the handler's module
   * @param options where the workers listen, how many there are, what they may
   * do, and how they serve
   * @returns the workers: their state, and how to restart and stop them
   * @throws {TypeError} when an argument or an option has the wrong type
   * @throws {RangeError} when an option is outside its range
   * @throws {ScopeError} when the address is outside the network scope
   * @throws {Deno.errors.NotSupported} when `--unstable-net` is missing
   * @throws {Deno.errors.NotCapable} when the permissions go beyond this process's
   *
   * @example Two workers that may connect to no address
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const workers = copas.addworkers(new URL("./handler.ts", import.meta.url), {
   *   hostname: "127.0.0.1",
   *   port: 8080,
   *   count: 2,
   *   permissions: { net: [] },
   * });
   * Deno.addSignalListener("SIGTERM", () => workers.stop());
   * await copas.loop();
   * ```
   */
  addworkers(module: URL, options: WorkersOptions): Workers {
    return servers.addWorkers(this.#context, module, options);
  }

  // --- Sockets: opening and closing -------------------------------------------------------------

  /**
   * Makes a connection of Deno's a Copas socket, and gives the same one whenever
   * it is asked again.
   *
   * @param conn the connection; a Copas socket is given back as it is
   * @param sslparams how TLS secures it: for a socket that is not connected yet
   * (`copas.socket.tcp()`) by `connect`, for another one by `dohandshake`. `{}`
   * is a client's TLS with all defaults. Default: no TLS
   * @returns the socket
   * @throws {TypeError} when `conn` is not a connection, when `sslparams` are
   * wrong, or when the socket has TLS already, with others
   *
   * @example A TLS client
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = copas.wrap(copas.socket.tcp(), { alpnProtocols: ["http/1.1"] });
   * await skt.connect("example.com", 443);
   * console.log(skt.getalpn());
   * ```
   */
  wrap(
    conn: StreamLike,
    sslparams?: SslParams | SslParamsSource,
  ): StreamSocket;
  /**
   * Makes a connection of Deno's a Copas socket with options, and gives the same
   * one whenever it is asked again.
   *
   * @param conn the connection; a Copas socket is given back as it is
   * @param options the socket's name, timeouts in seconds, limits in bytes, and
   * `sslparams`. A connection that was wrapped before takes only `sslparams`;
   * its other options stay as they are. Default: none
   * @returns the socket
   * @throws {TypeError} when `conn` is not a connection, when an option is wrong
   * or unknown, or when the socket has TLS already, with other `sslparams`
   * @throws {RangeError} when a limit is outside its range
   *
   * @example A connection that takes lines of at most 1000 bytes
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const conn = await Deno.connect({ hostname: "127.0.0.1", port: 8080 });
   * const skt = copas.wrap(conn, { name: "upstream", maxline: 1000 });
   * console.log(await skt.receive());
   * ```
   */
  wrap(conn: StreamLike, options?: StreamSocketOptions): StreamSocket;
  /**
   * Makes a datagram socket of Deno's a Copas socket, and gives the same one
   * whenever it is asked again.
   *
   * @param conn the datagram socket; a Copas socket is given back as it is
   * @param options its name, timeouts in seconds, and `receivebuffer`, the
   * number of datagrams that are kept until they are received. Default: 64
   * @returns the socket
   * @throws {TypeError} when `conn` is not a datagram socket, when an option is
   * unknown, when there are options though it is a Copas socket already, or when
   * there are `sslparams`
   * @throws {RangeError} when an option is outside its range
   */
  wrap(conn: DatagramLike, options?: DatagramSocketOptions): DatagramSocket;
  /**
   * Makes a socket of Deno's, of either kind, a Copas socket, and gives the same
   * one whenever it is asked again.
   *
   * @param conn the connection or the datagram socket; a Copas socket is given
   * back as it is
   * @param options of a connection: its name, timeouts in seconds, limits in
   * bytes, and `sslparams`. Default: none
   * @returns the socket
   * @throws {TypeError} when `conn` is not a socket, or when an option is wrong
   * or unknown
   * @throws {RangeError} when a limit is outside its range
   */
  wrap(conn: StreamLike | DatagramLike, options?: StreamSocketOptions): Socket;
  wrap(
    conn: StreamLike | DatagramLike,
    given?:
      | SslParams
      | SslParamsSource
      | StreamSocketOptions
      | DatagramSocketOptions,
  ): Socket {
    return sockets.wrap(this.#context, conn, given);
  }

  /**
   * Connects a socket to `host` and `port`. For a socket with `sslparams` the TLS
   * handshake is part of it.
   *
   * @param skt the socket, as `copas.socket.tcp()` makes it
   * @param host a name or an address
   * @param port the port, 1 to 65535
   * @param options `timeout` in seconds, by default the socket's connect
   * timeout; `signal` to give up
   * @returns the socket itself, connected
   * @throws {TimeoutError} when the time was up
   * @throws {HandshakeError} when the TLS handshake failed, or the time was up in it
   * @throws {ClosedError} when the socket is or was closed
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {ScopeError} when the address is outside the network scope
   * @throws {TypeError} when an argument has the wrong type, or the socket is
   * connected already
   * @throws {RangeError} when the port is not one
   * @throws {Deno.errors.ConnectionRefused} and Deno's other network errors
   */
  connect(
    skt: StreamSocket,
    host: string,
    port: number,
    options?: ConnectOptions,
  ): Promise<StreamSocket> {
    return sockets.connect(this.#context, skt, host, port, options);
  }

  /**
   * Does the TLS handshake: on a connection that spoke plain text so far
   * (STARTTLS), or on one from `Deno.listenTls` or `Deno.connectTls`. When it is
   * done already, nothing happens.
   *
   * What was sent before is written first, in plain text. When the handshake
   * fails, the socket is closed.
   *
   * @param skt the connection
   * @param sslparams how TLS secures it. Default: those that `copas.wrap` was given
   * @param options `timeout` in seconds, by default the socket's connect timeout
   * (a server's socket that has none waits 10 seconds); `signal` to give up
   * @returns the Copas socket of the connection, secured
   * @throws {HandshakeError} when it fails or takes too long; `cause` tells more
   * @throws {ClosedError} when the socket is not connected, or is or was closed
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when there are no `sslparams`, or wrong ones, when data
   * was received ahead, or when another handshake is under way
   */
  dohandshake(
    skt: StreamLike,
    sslparams?: SslParams | SslParamsSource,
    options?: WaitOptions,
  ): Promise<StreamSocket> {
    const socket = this.#context.lookup.findStream("dohandshake()", skt);
    return socket.dohandshake(sslparams, options);
  }

  /**
   * Closes a socket or a listener. What was sent is written first; a thread that
   * waits on the socket gets a `ClosedError`. Closing twice is the same as
   * closing once. A listener is unregistered as well.
   *
   * It need not be awaited. The promise tells when the socket is closed.
   *
   * @param skt the socket or listener
   * @returns a promise that resolves when it is closed
   * @throws {ClosedError} when bytes that were sent could not be written
   * @throws {TimeoutError} when the peer did not read them within the send timeout
   * @throws {TypeError} when `skt` is neither a socket nor a listener
   */
  close(skt: SocketLike): Promise<void> {
    if (!isListener(skt)) {
      return this.#context.lookup.find("close()", skt).close();
    }
    this.removeserver(skt);
    return resolvedCall(this.#context.scheduler, undefined);
  }

  /**
   * Passes bytes on between two connections, both ways at once, until both
   * peers have ended their side. The end of one side is passed on, and the other
   * direction goes on; a side that does not read makes the other one wait.
   *
   * When it fails, both sockets are aborted: each peer can tell that its stream
   * was cut. Otherwise the caller closes them.
   *
   * @param a one connection
   * @param b the other one
   * @param options `idletimeout`: seconds without a byte in either direction
   * after which it fails (default: no limit); `signal` to give up
   * @returns how many bytes went from `a` to `b`, and from `b` to `a`
   * @throws {ClosedError} when a connection broke
   * @throws {TimeoutError} when no byte came for `idletimeout` seconds, or a
   * timeout of one of the sockets passed
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type, or both are the
   * same socket
   * @throws {RangeError} when `idletimeout` is negative or `NaN`
   *
   * @example A port forwarder
   * ```ts
   * import copas, { type StreamSocket } from "jsr:@copas/copas";
   *
   * const forward = copas.handler(async (client: StreamSocket) => {
   *   await using behind = await copas.socket.connect("127.0.0.1", 6379);
   *   await copas.relay(client, behind, { idletimeout: 300 });
   * });
   * copas.addserver(copas.socket.bind("127.0.0.1", 8080), forward);
   * await copas.loop();
   * ```
   */
  relay(
    a: StreamLike,
    b: StreamLike,
    options?: RelayOptions,
  ): Promise<[number, number]> {
    const relayed = sockets.relayBetween(this.#context, a, b, options);
    return pacedCall(this.#context.scheduler, relayed);
  }

  // --- Sockets: receiving and sending --------------------------------------------------------------

  /**
   * Receives exactly `size` bytes from a connection.
   *
   * @param skt the connection
   * @param size how many bytes, or a buffer that is to be filled; 0 waits until
   * there is something to read
   * @param options `timeout` in seconds for this call, by default the socket's;
   * `signal` to give up
   * @returns the bytes, in an array of their own or in the buffer; or `null` at
   * the end of the stream
   * @throws {ClosedError} when the peer closed before all had come, and `partial`
   * holds what came; or when this side has closed the socket
   * @throws {TimeoutError} when the time was up; nothing is lost, the next
   * receive goes on
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when `size` or `timeout` is outside its range
   */
  receive(
    skt: StreamLike,
    size: Size,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives all up to the end of the stream, as text.
   *
   * @param skt the connection
   * @param pattern `"*a"`
   * @param options `timeout` in seconds for the whole call, by default the
   * socket's; `signal` to give up
   * @returns the text; `""` when there is nothing more
   * @throws {TooLongError} when it is longer than `maxbody` (64 MiB unless set
   * otherwise)
   * @throws {ClosedError} when the connection broke, and `partial` holds what
   * came; or when this side has closed the socket
   * @throws {TimeoutError} when the time was up; nothing is lost, the next
   * receive goes on
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   */
  receive(
    skt: StreamLike,
    pattern: "*a",
    options?: WaitOptions,
  ): Promise<string>;
  /**
   * Receives a line. The LF at its end is dropped, and so is every CR in it, as
   * LuaSocket does.
   *
   * @param skt the connection
   * @param pattern `"*l"`, the default
   * @param options `timeout` in seconds for the whole call, by default the
   * socket's; `signal` to give up
   * @returns the line, or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed in the middle of a line, and
   * `partial` holds its bytes; or when this side has closed the socket
   * @throws {TimeoutError} when the time was up; nothing is lost, the next
   * receive goes on
   * @throws {TooLongError} when the line is longer than `maxline` (1 MiB unless
   * set otherwise)
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const conn = await Deno.connect({ hostname: "127.0.0.1", port: 8080 });
   * await copas.send(conn, "hello\n");
   * console.log(await copas.receive(conn, "*l", { timeout: 5 }));
   * ```
   */
  receive(
    skt: StreamLike,
    pattern?: "*l",
    options?: WaitOptions,
  ): Promise<string | null>;
  /**
   * Receives a datagram, without its address.
   *
   * @param skt the datagram socket
   * @param size the most bytes to give, or a buffer for them; the rest of a
   * longer datagram is lost. Default: 8192
   * @param options `timeout` in seconds for this call, by default the socket's;
   * `signal` to give up
   * @returns the bytes, in an array of their own or the part of the buffer that
   * was filled
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the socket is closed, or has no address yet
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when `size` or `timeout` is outside its range
   */
  receive(
    skt: DatagramLike,
    size?: Size,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  receive(
    skt: StreamLike | DatagramLike,
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const socket = this.#context.lookup.find("receive()", skt);
    return socket instanceof StreamSocket
      ? socket.receive(pattern, options)
      : socket.receive(pattern as Size, options);
  }

  /**
   * Receives the bytes that are there: at least one, at most `size`.
   *
   * @param skt the connection
   * @param size the most bytes to give, or a buffer for them
   * @param options `timeout` in seconds for this call, by default the socket's;
   * `signal` to give up
   * @returns the bytes, in an array of their own or the part of the buffer that
   * was filled; or `null` at the end of the stream
   * @throws {ClosedError} when the connection broke, or this side has closed the
   * socket
   * @throws {TimeoutError} when the time was up before anything came
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when `size` or `timeout` is outside its range
   */
  receivepartial(
    skt: StreamLike,
    size: Size,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives the text that is there: at least one character, at most a line, or
   * all. A character is never cut.
   *
   * @param skt the connection
   * @param pattern `"*l"` for at most a line, `"*a"` for all that is there.
   * Default: `"*l"`
   * @param options `timeout` in seconds for this call, by default the socket's;
   * `signal` to give up
   * @returns the text, or `null` at the end of the stream
   * @throws {ClosedError} when the connection broke, or this side has closed the
   * socket
   * @throws {TimeoutError} when the time was up before anything came
   * @throws {TooLongError} when a line is longer than `maxline` (1 MiB unless
   * set otherwise), or all is longer than `maxbody` (64 MiB unless set otherwise)
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   */
  receivepartial(
    skt: StreamLike,
    pattern?: "*l" | "*a",
    options?: WaitOptions,
  ): Promise<string | null>;
  receivepartial(
    skt: StreamLike,
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const socket = this.#context.lookup.findStream("receivepartial()", skt);
    return socket.receivepartial(pattern, options);
  }

  /**
   * Receives a datagram, and tells where it came from.
   *
   * @param skt the datagram socket
   * @param size the most bytes to give, or a buffer for them; the rest of a
   * longer datagram is lost. Default: 8192
   * @param options `timeout` in seconds for this call, by default the socket's;
   * `signal` to give up
   * @returns `[bytes, ip, port]`
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the socket is closed, or has no address yet
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when `size` or `timeout` is outside its range
   */
  receivefrom(
    skt: DatagramLike,
    size?: Size,
    options?: WaitOptions,
  ): Promise<Datagram> {
    const socket = this.#context.lookup.findDatagram("receivefrom()", skt);
    return socket.receivefrom(size, options);
  }

  /**
   * Sends `data` on a connection: text as UTF-8, or bytes.
   *
   * The bytes are copied into the write buffer; what the threads send in one
   * turn of the event loop goes out in one write. While the buffer is full
   * because the peer does not read, `send` waits.
   *
   * @param skt the connection
   * @param data text or bytes
   * @param options `timeout` in seconds for this call, by default the socket's;
   * `signal` to give up
   * @returns the number of bytes, all of them, once the buffer has taken them
   * @throws {ClosedError} when the socket is closed, here or by the peer; `sent`
   * tells how many bytes were taken
   * @throws {TimeoutError} when the time was up; `sent` tells how many bytes were
   * taken
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const conn = await Deno.connect({ hostname: "127.0.0.1", port: 8080 });
   * await copas.send(conn, "hello\n", { timeout: 5 });
   * ```
   */
  send(
    skt: StreamLike,
    data: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<number>;
  /**
   * Sends a datagram to the peer that `setpeername` named.
   *
   * @param skt the datagram socket
   * @param data text, sent as UTF-8, or bytes
   * @returns the number of bytes
   * @throws {ClosedError} when the socket is closed, or has no peer
   * @throws {TimeoutError} when the system did not take the datagram within the
   * send timeout
   * @throws {CancelledError} when the thread was removed
   * @throws {TypeError} when `data` is neither a string nor a `Uint8Array`
   * @throws {Deno.errors.NotCapable} and Deno's other network errors
   */
  send(skt: DatagramLike, data: string | Uint8Array): Promise<number>;
  send(
    skt: StreamLike | DatagramLike,
    data: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<number> {
    return this.#context.lookup.find("send()", skt).send(data, options);
  }

  /**
   * Sends a datagram to an address.
   *
   * @param skt the datagram socket; one without an address of its own gets one
   * @param data text, sent as UTF-8, or bytes
   * @param ip the address, a number: names are not looked up
   * @param port the port, 1 to 65535
   * @returns the number of bytes
   * @throws {ScopeError} when the address is outside the network scope
   * @throws {ClosedError} when the socket is closed
   * @throws {TimeoutError} when the system did not take the datagram within the
   * send timeout
   * @throws {CancelledError} when the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when the port is not one
   * @throws {Deno.errors.NotCapable} and Deno's other network errors
   */
  sendto(
    skt: DatagramLike,
    data: string | Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    return sockets.sendto(this.#context, skt, data, ip, port);
  }

  /**
   * Waits until all that was sent on a connection is with the system's kernel.
   *
   * @param skt the connection
   * @param options `timeout` in seconds for this call, by default the socket's
   * send timeout; `signal` to give up
   * @returns a promise that resolves when the kernel has all
   * @throws {ClosedError} when it can't get there any more
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when `signal` aborted or the thread was removed
   * @throws {TypeError} when an argument has the wrong type
   */
  flush(skt: StreamLike, options?: WaitOptions): Promise<void> {
    return this.#context.lookup.findStream("flush()", skt).flush(options);
  }

  // --- Sockets: timeouts and names ------------------------------------------------------------------

  /**
   * Sets the time that a connect, send or receive of a socket may take. Of a
   * listener it sets what accepted sockets start with.
   *
   * @param skt the socket or listener
   * @param seconds the limit of each; 0: a call takes what is there, and does
   * not wait; a negative number: no limit. Default: no limit
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when `seconds` is `NaN`
   */
  settimeout(skt: SocketLike, seconds?: number): void {
    const change = () => sameTimeouts(seconds);
    sockets.changeTimeouts(this.#context, "settimeout()", skt, change);
  }

  /**
   * Sets the three timeouts of a socket apart. Of a listener it sets what
   * accepted sockets start with.
   *
   * @param skt the socket or listener
   * @param connect seconds that a connect or a TLS handshake may take; a
   * negative number is no limit. Default: left as it is
   * @param send seconds that a send may take; a negative number is no limit.
   * Default: left as it is
   * @param receive seconds that a receive may take; a negative number is no
   * limit. Default: left as it is
   * @throws {TypeError} when an argument has the wrong type
   * @throws {RangeError} when a timeout is `NaN`
   */
  settimeouts(
    skt: SocketLike,
    connect?: number,
    send?: number,
    receive?: number,
  ): void {
    sockets.changeTimeouts(
      this.#context,
      "settimeouts()",
      skt,
      (timeouts) => changedTimeouts(timeouts, connect, send, receive),
    );
  }

  /**
   * Names a socket or a listener.
   *
   * @param name the name, for errors, `status()` and the log
   * @param skt the socket or listener
   * @throws {TypeError} when an argument has the wrong type
   */
  setsocketname(name: string, skt: SocketLike): void {
    sockets.setName(this.#context, name, skt);
  }

  /**
   * Tells the name of a socket or a listener.
   *
   * @param skt the socket or listener
   * @returns the name that it was given, or one that tells its address
   * @throws {TypeError} when `skt` is neither a socket nor a listener
   */
  getsocketname(skt: SocketLike): string {
    return sockets.nameOf(this.#context, skt);
  }
}

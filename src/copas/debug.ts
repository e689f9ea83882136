/**
 * Logs what threads and sockets do, for a user who looks for an error.
 *
 * @module
 */

import { checkDelay, checkFunction, show } from "../errors/arguments.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import {
  BEAT,
  describeSlow,
  type SlowThread,
  SlowThreads,
} from "../core/slow_threads.ts";
import type { Task } from "../core/task.ts";
import { nameOf } from "../core/traceback.ts";
import { watchRounds } from "../core/round_watch.ts";
import type { AnyWait } from "../core/wait.ts";
import type { DatagramSocket } from "../socket/datagram_socket.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";

/** Writes a line of the log: it is called with one text each time. */
export type Logger = (...pieces: unknown[]) => void;

/** What the log needs of the dispatcher: the Copas socket of what it is given. */
export interface SocketFinder {
  find(call: string, skt: unknown): StreamSocket | DatagramSocket;
}

/** `copas.debug`: a log of the threads, and of the calls on a socket. */
export class Debug {
  readonly #scheduler: Scheduler;
  readonly #sockets: SocketFinder;
  #log?: Scheduler["log"] = undefined;
  #slow?: SlowThreads = undefined;
  /** Tells the watch for slow threads that the event loop goes round. */
  #beat?: ReturnType<typeof setInterval> = undefined;

  /** @ignore */
  constructor(scheduler: Scheduler, sockets: SocketFinder) {
    this.#scheduler = scheduler;
    this.#sockets = sockets;
  }

  /**
   * Logs whenever a thread goes on, waits or ends. A log that was started before
   * ends.
   *
   * A logger that throws stops nothing: the error is printed. What the logger
   * itself does with the dispatcher is not logged.
   *
   * @param logger is called with each line; default: `console.log`
   * @param core whether the waits of code outside every thread are logged as
   * well; default: `false`
   * @throws {TypeError} when `logger` is not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.debug.start(console.error);
   * copas.addnamedthread("one", () => copas.pause(1));
   * await copas.loop();
   * copas.debug.stop();
   * ```
   */
  start(logger: Logger = console.log, core = false): void {
    checkFunction("debug.start()", "the logger", logger);
    const log = safely(logger);
    this.#log = (event, task, wait) => {
      if (task === this.#scheduler.main && !core) return;
      log(() => describe(event, task, wait));
    };
    this.#listen();
  }

  /** Ends the log that `start` began. The log of a socket goes on. */
  stop(): void {
    this.#log = undefined;
    this.#listen();
  }

  /**
   * Reports every thread that keeps the event loop for longer than `seconds` at
   * a stretch, so that nothing else of the program can run: with its name, its
   * socket, and what it had waited for before, with the line of the program. A
   * watch that was begun before ends.
   *
   * While it watches, a wait of a thread costs a few microseconds more. It takes
   * a turn of the event loop a hundred times a second.
   *
   * @param seconds how long a thread may keep the loop; 0.05 finds what clients
   * notice. `Infinity` ends the watch
   * @param report is called with each slow thread; default: prints it with
   * `console.error`. Its errors go to the default error handler
   * @throws {TypeError} when `seconds` is not a number, or `report` not a function
   * @throws {RangeError} when `seconds` is negative or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.debug.slow(0.05, ({ name, seconds, waitedfor, stack }) => {
   *   console.warn(name, seconds, waitedfor, stack[0]);
   * });
   * ```
   */
  slow(
    seconds: number,
    report: (slow: SlowThread) => unknown = printSlow,
  ): void {
    checkDelay("debug.slow()", "the seconds", seconds);
    checkFunction("debug.slow()", "the report", report);
    const scheduler = this.#scheduler;
    clearInterval(this.#beat);
    const watch = watchRounds(scheduler);
    const slow = seconds === Infinity ? undefined : new SlowThreads(
      scheduler.clock,
      seconds,
      (slow) => scheduler.guard(() => report(slow)),
    );
    this.#slow = watch.listener = slow;
    this.#listen();
    if (slow === undefined) return;
    this.#beat = setInterval(() => slow.beat(), BEAT * 1000);
    // A timer of Deno's is an object or, in older versions, a number.
    const beat = this.#beat as unknown;
    if (typeof beat === "number") Deno.unrefTimer(beat);
    else (beat as { unref(): void }).unref();
  }

  /** Hears of the threads for the log and for the watch. */
  #listen(): void {
    const log = this.#log;
    const slow = this.#slow;
    const { main } = this.#scheduler;
    this.#scheduler.log = slow === undefined ? log : (event, task, wait) => {
      log?.(event, task, wait);
      if (task !== main) slow.hear(event, task, wait);
    };
  }

  /**
   * Wraps a socket so that every call on it, and what it resolves to, is logged.
   *
   * @param socket the socket
   * @param logger is called with each line; default: `console.log`
   * @returns a socket to use in place of `socket`
   * @throws {TypeError} when `socket` is not a socket, or `logger` not a function
   *
   * @example
   * ```ts
   * import copas, { type StreamSocket } from "jsr:@copas/copas";
   *
   * const echo = copas.handler(async (skt: StreamSocket) => {
   *   const logged = copas.debug.socket(skt);
   *   for await (const line of logged) await logged.send(line + "\n");
   * });
   * copas.addserver(copas.socket.bind("127.0.0.1", 8080), echo);
   * await copas.loop();
   * ```
   */
  socket<S extends StreamSocket | DatagramSocket>(
    socket: S,
    logger: Logger = console.log,
  ): S {
    checkFunction("debug.socket()", "the logger", logger);
    const target = this.#sockets.find("wrap()", socket) as S;
    const log = safely(logger);
    let calls = 0;
    const proxy: S = new Proxy(target, {
      get(_, key) {
        // Read from the socket itself: its private fields don't go through a proxy.
        const value = Reflect.get(target, key, target);
        if (typeof value !== "function" || key === "constructor") return value;
        return (...args: unknown[]) => {
          const call = `${++calls}`;
          const name = `'${String(key)}'`;
          log(() =>
            `${call}-calling ${name} on '${target.name}' with ${
              args.map(show).join(", ")
            }`
          );
          const logResult = (how: string, result: unknown) => {
            log(() => `${call}-${name} ${how} ${showResult(result)}`);
            // Calls on what a method returns are logged as well if it is the socket.
            return result === target ? proxy : result;
          };
          const logError = (error: unknown) => {
            logResult("failed with", error);
            throw error;
          };
          let result: unknown;
          try {
            // The iterator of a `for await` then calls `receive` on the proxy: that is logged.
            const self = key === Symbol.asyncIterator ? proxy : target;
            result = Reflect.apply(value, self, args);
          } catch (error) {
            return logError(error);
          }
          return result instanceof Promise
            ? handled(
              result.then((value) => logResult("resolved to", value), logError),
            )
            : logResult("returned", result);
        };
      },
      set: (_, key, value) => Reflect.set(target, key, value, target),
    });
    return proxy;
  }
}

function printSlow(slow: SlowThread): void {
  console.error(describeSlow(slow));
}

/** Calls `logger` so that its errors stop nothing, and what it does is not logged itself. */
function safely(logger: Logger): (line: () => string) => void {
  let logging = false;
  return (line) => {
    if (logging) return;
    logging = true;
    try {
      logger(line());
    } catch (error) {
      console.error("Failed executing the logger:", error);
    } finally {
      logging = false;
    }
  };
}

function showResult(result: unknown): string {
  return result instanceof Error ? String(result) : show(result);
}

/** What a wait of each kind is for, in the words of the log. */
const PURPOSE = {
  read: "READ",
  write: "WRITE",
  sleep: "SLEEP",
  outside: "an OPERATION",
};

function describe(event: string, task: Task, wait?: AnyWait): string {
  if (wait === undefined) return `${event} '${task.name}'`;
  const { kind, timeout } = wait;
  const socket = wait.socket === undefined ? "" : `'${nameOf(wait.socket)}'`;
  if (event === "resuming") {
    return `resuming '${task.name}'${socket && ` for socket ${socket}`}`;
  }
  const time = kind === "sleep" && timeout < Infinity
    ? ` for ${timeout} seconds`
    : "";
  const place = socket && ` on ${socket}`;
  return `yielding '${task.name}' to ${PURPOSE[kind]}${time}${place}`;
}

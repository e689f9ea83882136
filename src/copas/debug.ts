/**
 * Shows what the dispatcher and a socket do, for somebody who looks for an error.
 *
 * @module
 */

import { checkFunction, show } from "../errors/arguments.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import { nameOf } from "../core/traceback.ts";
import type { AnyWait } from "../core/wait.ts";
import type { DatagramSocket } from "../socket/datagram_socket.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";

/** Where the log goes, a line a call. */
export type Logger = (...pieces: unknown[]) => void;

/** `copas.debug`: a log of the threads, and of the calls on a socket. */
export class Debug {
  readonly #scheduler: Scheduler;
  readonly #wrap: (socket: never) => StreamSocket | DatagramSocket;

  /** For Copas itself: use `copas.debug`. */
  constructor(
    scheduler: Scheduler,
    wrap: (socket: never) => StreamSocket | DatagramSocket,
  ) {
    this.#scheduler = scheduler;
    this.#wrap = wrap;
  }

  /**
   * Logs whenever a thread goes on, waits or ends.
   *
   * @param logger gets each line; default: `console.log`
   * @param core whether the waits of the code outside every thread are logged, too; default: `false`
   */
  start(logger: Logger = console.log, core = false): void {
    checkFunction("debug.start()", "the logger", logger);
    const log = careful(logger);
    this.#scheduler.log = (event, task, wait) => {
      if (task === this.#scheduler.main && !core) return;
      log(() => describe(event, task, wait));
    };
  }

  /** Ends the log. */
  stop(): void {
    this.#scheduler.log = undefined;
  }

  /**
   * Wraps a socket so that every call on it, and what it resolves to, is logged.
   *
   * @param logger gets each line; default: `console.log`
   * @returns a socket to use in place of `socket`
   */
  socket<S extends StreamSocket | DatagramSocket>(
    socket: S,
    logger: Logger = console.log,
  ): S {
    checkFunction("debug.socket()", "the logger", logger);
    const target = this.#wrap(socket as never) as S;
    const log = careful(logger);
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
          const tell = (how: string, result: unknown) => {
            log(() => `${call}-${name} ${how} ${showResult(result)}`);
            // A method that gives the socket itself must not give the way around the log.
            return result === target ? proxy : result;
          };
          const fail = (error: unknown) => {
            tell("failed with", error);
            throw error;
          };
          let result: unknown;
          try {
            // What a `for await` receives is logged as well.
            const self = key === Symbol.asyncIterator ? proxy : target;
            result = Reflect.apply(value, self, args);
          } catch (error) {
            return fail(error);
          }
          return result instanceof Promise
            ? handled(result.then((value) => tell("resolved to", value), fail))
            : tell("returned", result);
        };
      },
      set: (_, key, value) => Reflect.set(target, key, value, target),
    });
    return proxy;
  }
}

/** A logger that can neither break what it watches nor make it tell of itself. */
function careful(logger: Logger): (line: () => string) => void {
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

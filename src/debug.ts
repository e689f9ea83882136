/**
 * Shows what the dispatcher and a socket do, for somebody who looks for an error.
 *
 * @module
 */

import { checkFunction, show } from "./arguments.ts";
import type { Scheduler } from "./core/scheduler.ts";
import type { Task } from "./core/task.ts";
import { nameOf } from "./core/traceback.ts";
import type { AnyWait } from "./core/wait.ts";
import type { DatagramSocket } from "./socket/datagram_socket.ts";
import type { StreamSocket } from "./socket/stream_socket.ts";

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
    this.#scheduler.log = (event, task, wait) => {
      if (task === this.#scheduler.main && !core) return;
      logger(describe(event, task, wait));
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
    const target = this.#wrap(socket as never) as S;
    let calls = 0;
    return new Proxy(target, {
      get(_, key) {
        // Read from the socket itself: its private fields don't go through a proxy.
        const value = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          const call = `${++calls}`;
          const name = `'${String(key)}'`;
          logger(
            `${call}-calling ${name} on '${target.name}' with ${
              args.map(show).join(", ")
            }`,
          );
          const tell = (how: string) => (result: unknown) => {
            const text = result instanceof Error
              ? String(result)
              : show(result);
            logger(`${call}-${name} ${how} ${text}`);
          };
          const result = Reflect.apply(value, target, args);
          if (result instanceof Promise) {
            result.then(tell("resolved to"), tell("was rejected with"));
          } else {
            tell("returned")(result);
          }
          return result;
        };
      },
      set: (_, key, value) => Reflect.set(target, key, value, target),
    });
  }
}

const PURPOSE = {
  read: "READ",
  write: "WRITE",
  sleep: "SLEEP",
  outside: "an OPERATION",
};

function describe(event: string, task: Task, wait?: AnyWait): string {
  if (wait === undefined) return `${event} '${task.name}'`;
  const socket = wait.socket === undefined
    ? ""
    : ` on '${nameOf(wait.socket)}'`;
  return event === "yielding"
    ? `yielding '${task.name}' to ${PURPOSE[wait.kind]}${socket}`
    : `resuming '${task.name}'${socket.replace(" on ", " for socket ")}`;
}

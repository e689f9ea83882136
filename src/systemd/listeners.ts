/**
 * The sockets that systemd hands over.
 *
 * @module
 */

import { checkInteger } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { mayRead, variable } from "./environment.ts";
import { SystemdListener } from "./listener.ts";

/** The first descriptor that systemd hands over: `SD_LISTEN_FDS_START`. */
const FIRST = 3;
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID"];

/** How the sockets are found. */
export interface ListenersOptions {
  /**
   * How many sockets there are, 1 or more, for a program that may not read its
   * environment: they are the descriptors from 3 on. Where it may,
   * `LISTEN_FDS` counts.
   */
  count?: number;
}

let taken = false;

/**
 * Takes the listening sockets that systemd has handed over. Give each to
 * `copas.addserver`, which holds its address to the dispatcher's network scope.
 * Listening on them needs no permission of Deno's.
 *
 * With `--allow-env=LISTEN_FDS,LISTEN_PID,LISTEN_FDNAMES` the environment says
 * how many there are, whether they are for this process, and their names.
 * Without it the program has to say how many it expects.
 *
 * @param options `count`, how many sockets there are where the environment may
 * not be read
 * @returns the listeners, in the order of the socket units; none when the process
 * was not started by a socket
 * @throws {TypeError} when the environment may not be read, and there is no
 * `count`
 * @throws {RangeError} when `count` is out of range
 * @throws {Error} when they were taken before, or one of the descriptors is no
 * listening stream socket
 *
 * @example A server that runs without any permission
 * ```ts
 * import copas, { type StreamSocket } from "jsr:@copas/copas";
 * import { listeners } from "jsr:@copas/copas/systemd";
 *
 * const [server] = await listeners({ count: 1 });
 * copas.addserver(
 *   server,
 *   copas.handler(async (skt: StreamSocket) => {
 *     for await (const line of skt) await skt.send(line + "\n");
 *   }),
 * );
 * await copas.loop();
 * ```
 */
export async function listeners(
  options: ListenersOptions = {},
): Promise<SystemdListener[]> {
  const call = "listeners()";
  checkKeys(call, "the options", options, ["count"]);
  const { count } = options;
  if (count !== undefined) checkInteger(call, "the count", count, 1, 1024);
  const names = VARIABLES.every(mayRead) ? namesFromEnvironment() : undefined;
  if (names === undefined && count === undefined) {
    throw new TypeError(
      `${call}: the environment may not be read, so the program has to say how many sockets it expects: listeners({ count: 1 }), or run with --allow-env=LISTEN_FDS,LISTEN_PID,LISTEN_FDNAMES`,
    );
  }
  if (taken) throw new Error(`${call}: the sockets have been taken already`);
  const expected = names ?? Array<string>(count!).fill("unknown");
  const opened: SystemdListener[] = [];
  try {
    for (const [i, name] of expected.entries()) {
      opened.push(await SystemdListener.open(FIRST + i, name));
    }
  } catch (error) {
    for (const listener of opened) listener.close();
    throw error;
  }
  taken = opened.length > 0;
  return opened;
}

/** The names of the sockets that are for this process. */
function namesFromEnvironment(): string[] {
  const count = Number(variable("LISTEN_FDS") ?? 0);
  // The variables of a process that has started this one are not ours.
  const isOurs = variable("LISTEN_PID") === `${Deno.pid}`;
  if (!isOurs || !Number.isInteger(count) || count < 0) return [];
  const names = (variable("LISTEN_FDNAMES") ?? "").split(":");
  return Array.from({ length: count }, (_, i) => names[i] || "unknown");
}

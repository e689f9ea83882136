/**
 * What a service tells systemd of itself.
 *
 * @module
 */

import { checkString, wrongType } from "../errors/arguments.ts";
import type { Timer } from "../sync/timer.ts";
import type { Copas } from "../copas/copas.ts";
import { variable } from "./environment.ts";

let count = 0;

/**
 * Tells systemd how the service is: `"READY=1"`, `"STOPPING=1"`,
 * `"STATUS=serving"`, several of them on lines of their own; see sd_notify(3).
 *
 * It needs `--unstable-net`, `--allow-net`, `--allow-write` for the path of the
 * socket and `--allow-env=NOTIFY_SOCKET`: Deno has no narrower grant for a Unix
 * datagram. A service that has none of them is of `Type=simple` (or `exec`).
 *
 * @param state what to tell
 * @returns whether it was told: `false` when systemd does not ask for it, or the
 * variable `NOTIFY_SOCKET` may not be read
 * @throws {TypeError} when `state` is not a string, or Deno runs without
 * `--unstable-net`
 * @throws {Deno.errors.NotCapable} when a permission is missing
 * @throws {Error} when systemd's socket is not there
 *
 * @example
 * ```ts
 * import { notify } from "jsr:@copas/copas/systemd";
 *
 * await notify("READY=1\nSTATUS=serving");
 * ```
 */
export async function notify(state: string): Promise<boolean> {
  checkString("notify()", "the state", state);
  const socket = variable("NOTIFY_SOCKET");
  if (socket === undefined || socket === "") return false;
  if (Deno.listenDatagram === undefined) {
    throw new TypeError(
      "notify(): Deno has Unix datagrams only with --unstable-net",
    );
  }
  // An abstract name: it needs no file, and goes with the socket.
  const own = `\0copas-notify-${Deno.pid}-${++count}`;
  const path = socket.startsWith("@") ? `\0${socket.slice(1)}` : socket;
  const conn = Deno.listenDatagram({ transport: "unixpacket", path: own });
  try {
    const bytes = new TextEncoder().encode(state);
    await conn.send(bytes, { transport: "unixpacket", path });
  } finally {
    conn.close();
  }
  return true;
}

/**
 * Tells systemd again and again that the program is alive, at half the interval
 * of its watchdog (`WatchdogSec=`). A dispatcher whose threads keep the loop for
 * longer does not tell it, and systemd ends the service. It does not keep
 * `loop()` going.
 *
 * It needs what `notify` needs, and `--allow-env=WATCHDOG_USEC,WATCHDOG_PID`.
 *
 * @param copas the dispatcher that has to be alive
 * @returns the timer, to be cancelled; or `null` when systemd has no watchdog
 * for this process, or the variables may not be read
 * @throws {TypeError} when `copas` is not a dispatcher
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { notify, watchdog } from "jsr:@copas/copas/systemd";
 *
 * watchdog(copas);
 * await notify("READY=1");
 * await copas.loop();
 * ```
 */
export function watchdog(copas: Pick<Copas, "timer">): Timer | null {
  if (typeof copas?.timer?.new !== "function") {
    throw wrongType("watchdog()", "copas", "a dispatcher", copas);
  }
  const interval = Number(variable("WATCHDOG_USEC") ?? 0) / 1e6;
  if (!(interval > 0)) return null;
  const pid = variable("WATCHDOG_PID");
  if (pid !== undefined && pid !== `${Deno.pid}`) return null;
  return copas.timer.new({
    name: "systemd:watchdog",
    delay: interval / 2,
    initialdelay: 0,
    recurring: true,
    unref: true,
    callback: () => notify("WATCHDOG=1"),
  });
}

/**
 * A service of systemd: sockets that are handed over, and what the service tells
 * of itself.
 *
 * @example
 * ```ts
 * import copas, { type StreamSocket } from "jsr:@copas/copas";
 * import { listeners, notify } from "jsr:@copas/copas/systemd";
 *
 * const serve = copas.handler(async (skt: StreamSocket) => {
 *   for await (const line of skt) await skt.send(line + "\n");
 * });
 * for (const server of await listeners()) copas.addserver(server, serve);
 * await notify("READY=1");
 * await copas.loop();
 * ```
 *
 * @module
 */

export { SystemdListener } from "./listener.ts";
export { listeners, type ListenersOptions } from "./listeners.ts";
export { notify, watchdog } from "./notify.ts";
export type { Timer, TimerOptions } from "../sync/timer.ts";

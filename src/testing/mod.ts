/**
 * What a user needs to test handlers without waiting: a clock that jumps to the
 * next deadline.
 *
 * @example
 * ```ts
 * import { Copas } from "jsr:@copas/copas";
 * import { VirtualClock } from "jsr:@copas/copas/testing";
 *
 * const clock = new VirtualClock();
 * const copas = new Copas({ clock });
 * copas.addthread(() => copas.pause(60));
 * await copas.loop();
 * console.log(clock.now()); // 60
 * ```
 *
 * @module
 */

export type { Clock, ClockHost } from "../core/clock.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual_clock.ts";

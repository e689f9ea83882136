// A dispatcher on the virtual clock, for the tests of this folder.

import { Copas, type Lock, type Task } from "../../mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";

/** An error that reached the error handler, as text. */
export interface Report {
  /** The name of the thread. */
  thread: string;
  message: string;
}

/** A dispatcher, its clock, and what its error handler heard of. */
export interface Dispatch {
  copas: Copas;
  clock: VirtualClock;
  reports: Report[];
}

/** Makes a dispatcher whose clock jumps to the next deadline. `autojump: false`: it stands still until it is advanced. */
export function dispatcher(options: { autojump?: boolean } = {}): Dispatch {
  const clock = new VirtualClock(options);
  const copas = new Copas({ clock });
  const reports: Report[] = [];
  copas.seterrorhandler((error: unknown, task: Task) => {
    reports.push({
      thread: task.name,
      message: error instanceof Error ? error.message : String(error),
    });
  }, true);
  return { copas, clock, reports };
}

/** Starts a thread that owns `lock` from now on for some seconds. */
export function own({ copas }: Dispatch, lock: Lock, seconds: number): void {
  copas.addnamedthread("owner", async () => {
    await lock.get();
    await copas.pause(seconds);
    lock.release();
  });
}

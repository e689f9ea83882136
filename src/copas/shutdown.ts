/**
 * The part of a dispatcher that ends it within a bound: `copas.shutdown`, and
 * `copas.shutdownon` for the signals of the system.
 *
 * @module
 */

import type { Abandonable } from "../core/abandonable.ts";
import { ABANDON } from "../core/abandonable.ts";
import { type Ending, GracefulEnd } from "../core/graceful_end.ts";
import { rejectedCall } from "../core/immediate_call.ts";
import type { EndUnderWay } from "../core/lifecycle.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { Wait, type WaitingThread } from "../core/wait.ts";
import { checkString, show, wrongType } from "../errors/arguments.ts";
import { ConnectionThread } from "../server/connection_thread.ts";
import { type Drained, type DrainOptions, readGrace } from "../server/drain.ts";
import type { Context } from "./context.ts";

class ShutdownWait extends Wait<Drained> {
  constructor(task: WaitingThread) {
    super(task, "sleep", undefined, true);
  }

  protected failure(): string {
    return "Cannot wait for the shutdown";
  }
}

/** One end within a bound, from its beginning until nothing is left. */
export class Shutdown implements EndUnderWay, Ending {
  readonly grace: number;
  readonly #scheduler: Scheduler;
  readonly #end: GracefulEnd;
  /** Whether the next loop is to end at once: a signal came before it. */
  readonly #staysForLoop: boolean;
  readonly #waits: ShutdownWait[] = [];
  readonly #connections: number;
  #cutConnections = 0;
  #cutOthers = 0;
  /** What workers tell. */
  #elsewhere: Drained = { served: 0, cut: 0 };
  /** What threads that were cut have waited for. */
  #resources: Abandonable[] = [];
  #areIdleEnded = false;

  /** Begins it. */
  constructor(scheduler: Scheduler, grace: number, staysForLoop: boolean) {
    const { lifecycle, services, driver } = scheduler;
    this.grace = grace;
    this.#scheduler = scheduler;
    this.#staysForLoop = staysForLoop;
    this.#connections = [...scheduler.tasks].filter(isConnection).length;
    this.#end = new GracefulEnd(scheduler, this, grace);
    lifecycle.shutdown = this;
    for (const service of [...services]) service.remove();
    for (const recurring of [...lifecycle.recurring]) {
      recurring.endAtShutdown();
    }
    driver.exit();
  }

  /** Suspends the current thread until it is over; it is over after `grace` seconds from now, or little later. */
  wait(grace: number): Promise<Drained> {
    const wait = new ShutdownWait(this.#scheduler.current);
    this.#waits.push(wait);
    this.#end.shorten(grace);
    this.#scheduler.selector.wake();
    return wait.promise;
  }

  /** The time is up after so many seconds from now. */
  shorten(grace: number): void {
    this.#end.shorten(grace);
  }

  /** Counts what was served and cut in workers. */
  add({ served, cut }: Drained): void {
    this.#elsewhere.served += served;
    this.#elsewhere.cut += cut;
  }

  /** The threads but those that wait for this end: they can't be part of it. */
  get #threads(): Thread[] {
    return [...this.#scheduler.tasks].filter((thread) =>
      !this.#waits.some(({ task }) => task === thread)
    );
  }

  quiet(): boolean {
    if (!this.#areIdleEnded) {
      this.#areIdleEnded = true;
      // Nothing is left that could give them something to do.
      for (const thread of this.#threads) thread.cancel();
    }
    if (!this.#scheduler.hasWork) this.#end.check();
    return !this.#end.isOver;
  }

  // --- For the end ---------------------------------------------------------------

  isOver(): boolean {
    return this.#scheduler.finished;
  }

  cut(): void {
    for (const thread of this.#threads) {
      if (thread.removed) continue;
      if (thread instanceof ConnectionThread) {
        this.#cutConnections++;
        thread.cut();
        continue;
      }
      if (thread.isBusy) this.#cutOthers++;
      for (const { resource } of thread.waits) {
        if (resource !== undefined) this.#resources.push(resource);
      }
      thread.cancel();
    }
    this.#scheduler.lifecycle.skipWrites();
  }

  isCutOver(): boolean {
    return !this.#threads.some((thread) => thread.isBusy);
  }

  giveUp(): void {
    for (const thread of this.#threads) {
      if (isConnection(thread)) thread.connection.abort();
    }
    for (const resource of this.#resources) resource[ABANDON]();
    // Those that wait for this end still go on after it.
    if (!this.isCutOver()) this.#scheduler.lifecycle.skipThreads();
  }

  over(): void {
    const { lifecycle, driver, selector } = this.#scheduler;
    const { served, cut } = this.#elsewhere;
    const ended = {
      served: served + this.#connections - this.#cutConnections,
      cut: cut + this.#cutConnections + this.#cutOthers,
    };
    for (const wait of this.#waits) wait.resolveLater(ended);
    if (!driver.running && !this.#staysForLoop) lifecycle.shutdownEnded();
    selector.wake();
  }
}

function isConnection(thread: Thread): thread is ConnectionThread {
  return thread instanceof ConnectionThread;
}

/** Begins to shut down, or shortens the time where that is under way. */
function begin(
  { scheduler }: Context,
  grace: number,
  staysForLoop = false,
): Shutdown {
  const underWay = scheduler.lifecycle.shutdown as Shutdown | undefined;
  underWay?.shorten(grace);
  return underWay ?? new Shutdown(scheduler, grace, staysForLoop);
}

/** Ends the dispatcher within a bound. */
export async function shutDown(
  context: Context,
  options?: DrainOptions,
): Promise<Drained> {
  let grace: number;
  try {
    grace = readGrace("shutdown()", options);
  } catch (error) {
    return await rejectedCall(context.scheduler, error);
  }
  return await begin(context, grace).wait(grace);
}

/** What the exit codes of processes that a signal has ended are made of: 128 and the signal's number. */
const SIGNAL_NUMBERS: Partial<Record<Deno.Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR2: 12,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/** Deno's refusal of a signal doesn't tell which call had named it. */
function listenFor(signal: Deno.Signal, listener: () => void): void {
  try {
    Deno.addSignalListener(signal, listener);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const known = "a signal of this system that a program may catch, such as ";
    const message = `shutdownon(): a signal must be ${known}"SIGTERM"`;
    throw new TypeError(`${message}, got ${show(signal)}`, { cause });
  }
}

/** Shuts down at the first of `signals`, and ends the process at the second. Returns what takes the listeners off. */
export function shutDownOn(
  context: Context,
  signals: Deno.Signal[],
  options?: DrainOptions,
): Disposable {
  const call = "shutdownon()";
  const grace = readGrace(call, options);
  if (!Array.isArray(signals) || signals.length === 0) {
    const expected = 'an array of signals: ["SIGINT", "SIGTERM"]';
    throw wrongType(call, "the signals", expected, signals);
  }
  for (const signal of signals) checkString(call, "a signal", signal);
  const { driver, lifecycle } = context.scheduler;
  let isSecond = false;
  const removers: (() => void)[] = [];
  const remove = () => {
    lifecycle.loopEndListeners.delete(remove);
    for (const remover of removers.splice(0)) remover();
  };
  try {
    for (const signal of new Set(signals)) {
      const listener = () => {
        if (isSecond) Deno.exit(128 + (SIGNAL_NUMBERS[signal] ?? 0));
        isSecond = true;
        begin(context, grace, !driver.running);
      };
      listenFor(signal, listener);
      removers.push(() => Deno.removeSignalListener(signal, listener));
    }
  } catch (error) {
    remove();
    throw error;
  }
  // A program that has ended its loop must not swallow signals.
  lifecycle.loopEndListeners.add(remove);
  return { [Symbol.dispose]: remove };
}

/**
 * Dispatchers that were given something to do, and that the program never ran.
 *
 * @module
 */

import { nameOf } from "./traceback.ts";

/** A dispatcher, as the end of the process sees it. */
export interface WatchedDispatcher {
  /** Tells whether the program has run it. */
  readonly driver: { readonly hasRun: boolean; readonly hasDriven: boolean };
  /** Its threads. */
  readonly tasks: Iterable<{ readonly isBusy: boolean; readonly name: string }>;
  /** Its servers. */
  readonly services: Iterable<unknown>;
}

/** How many names the line tells. */
const MOST_NAMES = 5;

const watched = new Set<WeakRef<WatchedDispatcher>>();

/** Prints a line at the end of the process if the dispatcher has something to do and was never run. */
export function watchForNeglect(dispatcher: WatchedDispatcher): void {
  if (watched.size === 0) globalThis.addEventListener("beforeunload", tell);
  watched.add(new WeakRef(dispatcher));
}

/** The process has nothing left to do. Deno does not call it when the program ends itself. */
function tell(): void {
  const names: string[] = [];
  for (const reference of watched) {
    const dispatcher = reference.deref();
    if (dispatcher === undefined) continue;
    const { hasRun, hasDriven } = dispatcher.driver;
    if (!hasRun && !hasDriven) names.push(...namesOfWaiting(dispatcher));
  }
  globalThis.removeEventListener("beforeunload", tell);
  watched.clear();
  if (names.length === 0) return;
  const more = names.length - MOST_NAMES;
  const list = names.slice(0, MOST_NAMES).join(", ") +
    (more > 0 ? ` and ${more} more` : "");
  console.error(
    `Copas: loop() was never called, but these wait for it: ${list}; the program has to await copas.loop()`,
  );
}

function* namesOfWaiting(
  { tasks, services }: WatchedDispatcher,
): Generator<string> {
  for (const service of services) yield `server ${nameOf(service) ?? "?"}`;
  for (const task of tasks) if (task.isBusy) yield `thread ${task.name}`;
}

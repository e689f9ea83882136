/**
 * Errors that tell of lost bytes, of calls that need not be awaited: where the
 * caller does not handle one, it is reported.
 *
 * @module
 */

/** What to do with an error that no caller has handled. */
const reports = new WeakMap<object, () => void>();
let listening = false;

/**
 * Calls `report` if a promise is rejected with `error` and no code handles that
 * by the end of the turn. The process does not end for it then.
 */
export function reportUnheard(error: unknown, report: () => void): void {
  if (typeof error !== "object" || error === null) return;
  reports.set(error, report);
  if (!listening) globalThis.addEventListener("unhandledrejection", onunheard);
  listening = true;
}

function onunheard(event: PromiseRejectionEvent): void {
  const { reason } = event;
  if (typeof reason !== "object" || reason === null) return;
  const report = reports.get(reason);
  if (report === undefined) return;
  event.preventDefault();
  reports.delete(reason);
  report();
}

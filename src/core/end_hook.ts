/**
 * What a thread has to see to before it ends: a lock to release, an error to
 * ask for. When it ends without, somebody has to hear of it.
 *
 * @module
 */

import type { Thread } from "./thread.ts";

/** A duty of one thread, or of none. */
export abstract class EndHook {
  #task?: Thread = undefined;
  #older?: EndHook = undefined;
  #newer?: EndHook = undefined;

  /** Called when the thread has ended without. The duty is nobody's then. */
  protected abstract neglected(task: Thread): void;

  /** The duty falls to `task`. */
  assign(task: Thread): void {
    this.#task = task;
    this.#older = task.duty;
    if (task.duty !== undefined) task.duty.#newer = this;
    task.duty = this;
  }

  /** The duty is done, or it is nobody's any more. */
  lift(): void {
    if (this.#task === undefined) return;
    if (this.#newer === undefined) this.#task.duty = this.#older;
    else this.#newer.#older = this.#older;
    if (this.#older !== undefined) this.#older.#newer = this.#newer;
    this.#task = this.#older = this.#newer = undefined;
  }

  /** The thread has ended. */
  neglect(): void {
    const task = this.#task!;
    this.lift();
    this.neglected(task);
  }
}

/**
 * What a thread has to do before it ends: release a lock, ask for the error of
 * a future. A hook is called when the thread ends without having done it.
 *
 * @module
 */

import { LinkedList, ListNode } from "../collections/linked_list.ts";
import type { Task } from "./task.ts";

/** What a hook needs of its thread. */
export interface HookedThread extends Task {
  /** The hooks of the thread, in the order in which they were set. Made for the first: most threads have none. */
  endHooks?: LinkedList<EndHook>;
}

/** Called at the end of one thread, unless it is lifted before. It is set for one thread at a time, or for none. */
export abstract class EndHook {
  readonly #node: ListNode<EndHook> = new ListNode<EndHook>(this);
  /** Where the hook stands, while it is set. */
  #list?: LinkedList<EndHook> = undefined;

  /** Called when the thread has ended and the hook was not lifted. The hook is free for another thread then. */
  protected abstract neglected(task: HookedThread): void;

  /** Sets the hook, which must be free, for `task`. */
  assign(task: HookedThread): void {
    const list = task.endHooks ?? (task.endHooks = new LinkedList());
    this.#list = list;
    list.append(this.#node);
  }

  /** The thread has done what it had to do: the hook is free. Does nothing when it was free before. */
  lift(): void {
    if (this.#list === undefined) return;
    this.#list.remove(this.#node);
    this.#list = undefined;
  }

  /** The thread, for which the hook is set, has ended. */
  neglect(task: HookedThread): void {
    this.lift();
    this.neglected(task);
  }
}

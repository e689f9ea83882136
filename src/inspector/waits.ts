/**
 * What a thread waits for, in words.
 *
 * @module
 */

import type { AnyWait } from "../core/wait.ts";
import { describeWait } from "../core/wait_purpose.ts";

/** Describes the waits of one moment. */
export class WaitDescriptions {
  /** To describe a tool may take as long as there are threads that wait for it: it is done once. */
  readonly #tools = new Map<object, string>();

  /** Describes a wait: `"receive on echo:client_1"`, `"lock_1: owned by thread_2, 3 waiting"`; that for the socket `own` without its name. */
  of(wait: AnyWait, own?: unknown): string {
    if (wait.tool !== undefined) return this.#describeTool(wait.tool);
    if (wait.kind === "sleep" && wait.lastsUntilWoken) {
      return "sleep until it is woken";
    }
    return describeWait(wait, own);
  }

  #describeTool(tool: object): string {
    let text = this.#tools.get(tool);
    if (text === undefined) this.#tools.set(tool, text = String(tool));
    return text;
  }
}

/**
 * All files that the page consists of.
 *
 * @module
 */

import { pageLibraries } from "./page_libraries.ts";
import { pageOwnFiles } from "./page_own_files.ts";

/** By their addresses; nothing for any other one. */
export const pageFiles: ReadonlyMap<string, { type: string; text: string }> =
  new Map(Object.entries({ ...pageOwnFiles, ...pageLibraries }));

/**
 * Reads which part of a table a page asks for.
 *
 * @module
 */

import type { Part } from "./tables.ts";

/** How long a search may be. */
const LONGEST_SEARCH = 200;

/** Reads the parameters; what is missing or wrong has its default. */
export function readPart(search: URLSearchParams): Part {
  return {
    table: search.get("table") ?? "",
    sort: search.get("sort") ?? "",
    descending: search.get("descending") === "true",
    search: (search.get("search") ?? "").slice(0, LONGEST_SEARCH),
    offset: countOf(search.get("offset"), 0),
    limit: countOf(search.get("limit"), 50),
  };
}

function countOf(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

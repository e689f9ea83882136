/**
 * How many connections fit into a process.
 *
 * @module
 */

/** What a process needs beside its connections. */
const OTHER_FILES = 100;

/** Copas on Lua is left out beyond: select() knows no more. */
export const MOST_OF_LUA = 1010;

/** The connections of an experiment. */
export interface Connections {
  connections: number;
  /** Why they are fewer than was asked for. */
  note?: string;
}

/** As many of the wanted connections as there may be, where a process may have `limit` open files. */
export function fitting(wanted: number, limit: number): Connections {
  if (wanted + OTHER_FILES <= limit) return { connections: wanted };
  return {
    connections: limit - OTHER_FILES,
    note:
      `${wanted} were asked for, but a process may have only ${limit} open files here`,
  };
}

/**
 * The long tables: connections, threads and errors. A page asks for the part
 * that it shows; sorting and searching are done here, where all rows are.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { ConnectionThread } from "../server/connection_thread.ts";
import { ServerConnection } from "../server/server_connection.ts";
import type { Identities } from "./identities.ts";
import type { RecentErrors } from "./recent_errors.ts";
import { WaitDescriptions } from "./waits.ts";

/** How many rows a page gets at once. */
const MOST_ROWS = 200;

/** A cell of a row. */
type Cell = string | number | undefined;
/** A row: its cells by the names of the columns, and the `id` by which the page names it. */
export type Row = Record<string, Cell> & { id: number };

/** The part of a table that is asked for. */
export interface Part {
  readonly table: string;
  /** The column by which rows are sorted; an unknown one leaves them as they are. */
  readonly sort: string;
  readonly descending: boolean;
  /** Only rows with a text that holds this one, whatever the case of letters. */
  readonly search: string;
  readonly offset: number;
  readonly limit: number;
}

/** The answer: how many rows match, how many there are, and the part of those that match. */
export interface PartOfTable {
  readonly total: number;
  readonly matching: number;
  readonly offset: number;
  readonly rows: Row[];
}

/** A table: its entries, and how one cell of an entry is found without the others. */
interface Table<Entry> {
  entries(): Entry[];
  readonly columns: Record<string, (entry: Entry) => Cell>;
  /** The columns that are searched. */
  readonly texts: readonly string[];
  id(entry: Entry): number;
}

/** The tables of one dispatcher. */
export class Tables {
  // deno-lint-ignore no-explicit-any
  readonly #tables: Record<string, Table<any>>;

  constructor(scheduler: Scheduler, ids: Identities, errors: RecentErrors) {
    this.#tables = {
      connections: connectionTable(scheduler, ids),
      threads: threadTable(scheduler, ids),
      errors: errorTable(errors),
    };
  }

  /** A part of a table; nothing when there is no such table. */
  part(part: Part): PartOfTable | undefined {
    if (!Object.hasOwn(this.#tables, part.table)) return undefined;
    return partOf(this.#tables[part.table], part);
  }
}

function partOf<Entry>(table: Table<Entry>, part: Part): PartOfTable {
  const { columns, texts } = table;
  let entries = table.entries();
  const total = entries.length;
  const search = part.search.toLowerCase();
  if (search !== "") {
    entries = entries.filter((entry) =>
      texts.some((name) =>
        String(columns[name](entry) ?? "").toLowerCase().includes(search)
      )
    );
  }
  if (Object.hasOwn(columns, part.sort)) {
    const cellOf = columns[part.sort];
    // Each cell is read once: it tells of the moment at which it is read.
    const keyed = entries.map((entry) => ({ entry, key: cellOf(entry) }));
    const sign = part.descending ? -1 : 1;
    keyed.sort((a, b) => sign * compare(a.key, b.key));
    entries = keyed.map(({ entry }) => entry);
  } else if (part.descending) entries.reverse();
  const matching = entries.length;
  const limit = Math.min(part.limit, MOST_ROWS);
  const offset = Math.min(part.offset, Math.max(0, matching - 1));
  const names = Object.keys(columns);
  const rows = entries.slice(offset, offset + limit).map((entry) => {
    const row: Row = { id: table.id(entry) };
    for (const name of names) row[name] = columns[name](entry);
    return row;
  });
  return { total, matching, offset, rows };
}

function compare(a: Cell, b: Cell): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [String(a ?? ""), String(b ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}

function connectionTable(
  scheduler: Scheduler,
  ids: Identities,
): Table<Served> {
  let waits = new WaitDescriptions();
  return {
    entries: () => {
      waits = new WaitDescriptions();
      return connectionsOf(scheduler);
    },
    columns: {
      peer: ({ connection }) => connection.peer,
      name: ({ connection }) => connection.name,
      age: ({ connection }) => connection.age,
      received: ({ connection }) => connection.received,
      sent: ({ connection }) => connection.sent,
      waitsfor: ({ thread: { wait, isClosing, connection } }) =>
        isClosing
          ? "close"
          : wait === undefined
          ? undefined
          : waits.of(wait, connection),
    },
    texts: ["peer", "name", "waitsfor"],
    id: ({ thread }) => ids.of(thread.connection),
  };
}

/** A connection that is being served, and the thread that serves it. */
interface Served {
  readonly thread: ConnectionThread;
  readonly connection: ServerConnection;
}

/** All connections that are being served, those of servers that listen no more among them. */
export function connectionsOf(scheduler: Scheduler): Served[] {
  const served: Served[] = [];
  for (const thread of scheduler.tasks) {
    if (thread instanceof ConnectionThread) {
      served.push({ thread, connection: new ServerConnection(thread) });
    }
  }
  return served;
}

function threadTable(scheduler: Scheduler, ids: Identities): Table<Thread> {
  let waits = new WaitDescriptions();
  return {
    entries: () => {
      waits = new WaitDescriptions();
      const { main, tasks } = scheduler;
      return main.waitCount > 0 ? [main, ...tasks] : [...tasks];
    },
    columns: {
      name: (thread) => thread.name,
      waits: (thread) => thread.waitCount,
      left: ({ wait }) =>
        wait === undefined || wait.deadline === Infinity
          ? undefined
          : Math.max(0, wait.deadline - scheduler.clock.now()),
      waitsfor: ({ wait, removed }) =>
        wait === undefined
          ? `runs, or awaits a promise${removed ? "; removed" : ""}`
          : waits.of(wait),
    },
    texts: ["name", "waitsfor"],
    id: (thread) => ids.of(thread),
  };
}

function errorTable(
  errors: RecentErrors,
): Table<ReturnType<RecentErrors["list"]>[number]> {
  return {
    entries: () => errors.list(),
    columns: {
      at: ({ at }) => at,
      thread: ({ thread }) => thread,
      code: ({ code }) => code,
      message: ({ message }) => message,
    },
    texts: ["thread", "code", "message"],
    id: ({ id }) => id,
  };
}

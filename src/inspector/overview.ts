/**
 * What every live page shows: the dispatcher, its servers, tools and workers.
 * It grows with none of what peers do.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { type Counts, statusOf } from "../core/status.ts";
import { formatAddr } from "../net/address.ts";
import type { DatagramServerHandle } from "../server/datagram_handle.ts";
import { Server } from "../server/server.ts";
import { serversOf } from "../server/status.ts";
import type { WorkerStatus } from "../workers/status.ts";
import type { Workers } from "../workers/workers.ts";
import type { Identities } from "./identities.ts";

/** How many servers, tools or groups of workers a page shows. */
const MOST_SHOWN = 100;
/** How many waiting threads of a tool are named. */
const MOST_NAMED = 5;

/** A server, as a page shows it. */
interface ServerView {
  id: number;
  name: string;
  addr: string;
  kind: "stream" | "datagram";
  state: "listens" | "paused" | "draining";
  serving?: number;
  buffered?: number;
  accepted?: number;
  refused?: number;
  failedHandshakes?: number;
  handlerErrors?: number;
}

/** A tool that threads wait for. */
interface ToolView {
  /** The tool's own description: name, owner, state. */
  text: string;
  waiting: number;
  /** The names of the first threads that wait. */
  threads: string[];
}

/** A group of workers. */
interface WorkersView {
  id: number;
  name: string;
  addr: string;
  workers: Pick<
    WorkerStatus,
    "worker" | "state" | "crashes" | "abandoned" | "served"
  >[];
}

/** What every live page shows. */
export interface Overview {
  dispatcher: Omit<Counts, "tools"> & { state: "runs" | "exits" | "stands" };
  servers: ServerView[];
  tools: ToolView[];
  workers: WorkersView[];
  /** How many errors there have been. */
  errors: number;
  /** How many servers, tools or groups of workers are not shown. */
  hidden: number;
}

/** Looks at one dispatcher. */
export class Overviews {
  readonly #scheduler: Scheduler;
  readonly #workers: ReadonlySet<Workers>;
  readonly #ids: Identities;
  /** Servers that were registered when the last overview was made, and those that still serve since. */
  readonly #servers = new Set<Server>();

  constructor(
    scheduler: Scheduler,
    workers: ReadonlySet<Workers>,
    ids: Identities,
  ) {
    this.#scheduler = scheduler;
    this.#workers = workers;
    this.#ids = ids;
  }

  /** Makes an overview. */
  async make(errors: number): Promise<Overview> {
    const scheduler = this.#scheduler;
    const workers = await Promise.all(
      [...this.#workers].slice(0, MOST_SHOWN).map((each) =>
        this.#showWorkers(each)
      ),
    );
    const servers = this.servers();
    const tools = toolsOf(scheduler);
    const hidden = [servers.length, tools.length, this.#workers.size]
      .reduce((sum, count) => sum + Math.max(0, count - MOST_SHOWN), 0);
    const { tools: _, ...counts } = statusOf(scheduler);
    return {
      dispatcher: { ...counts, state: stateOf(scheduler) },
      servers: servers.slice(0, MOST_SHOWN).map((each) => this.#show(each)),
      tools: tools.slice(0, MOST_SHOWN),
      workers,
      errors,
      hidden,
    };
  }

  /** The servers that are registered, and those that listen no more and still serve. */
  servers(): (Server | DatagramServerHandle)[] {
    const registered = serversOf(this.#scheduler);
    for (const server of registered) {
      if (server instanceof Server) this.#servers.add(server);
    }
    const draining = [...this.#servers].filter((server) => {
      if (registered.includes(server)) return false;
      if (server.serving === 0) this.#servers.delete(server);
      return server.serving > 0;
    });
    return [...registered, ...draining];
  }

  #show(server: Server | DatagramServerHandle): ServerView {
    const view = {
      id: this.#ids.of(server),
      name: server.name,
      addr: server.addr === undefined ? "" : formatAddr(server.addr),
    };
    if (!(server instanceof Server)) {
      return { ...view, kind: "datagram", state: "listens" };
    }
    const { serving, buffered, closed, paused, counters } = server;
    return {
      ...view,
      kind: "stream",
      state: closed ? "draining" : paused ? "paused" : "listens",
      serving,
      buffered,
      accepted: counters.accepted,
      refused: sum(counters.refused),
      failedHandshakes: counters.failedHandshakes,
      handlerErrors: counters.handlerErrors,
    };
  }

  async #showWorkers(group: Workers): Promise<WorkersView> {
    const { hostname, port } = group.addr;
    return {
      id: this.#ids.of(group),
      name: group.name,
      addr: `${hostname}:${port}`,
      workers: (await group.status()).map((
        { worker, state, crashes, abandoned, served },
      ) => ({ worker, state, crashes, abandoned, served })),
    };
  }
}

/** Whether the loop runs, ends, or does not run. */
export function stateOf(
  { driver, lifecycle }: Scheduler,
): Overview["dispatcher"]["state"] {
  if (lifecycle.isExiting || lifecycle.shutdown !== undefined) return "exits";
  return driver.running ? "runs" : "stands";
}

function toolsOf(scheduler: Scheduler): ToolView[] {
  const views = new Map<object, ToolView>();
  for (const thread of [scheduler.main, ...scheduler.tasks]) {
    if (thread.waitCount === 0) continue;
    for (const { tool, pending } of thread.waits) {
      if (tool === undefined || !pending) continue;
      let view = views.get(tool);
      if (view === undefined) {
        view = { text: String(tool), waiting: 0, threads: [] };
        views.set(tool, view);
      }
      if (view.waiting++ < MOST_NAMED) view.threads.push(thread.name);
    }
  }
  return [...views.values()];
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

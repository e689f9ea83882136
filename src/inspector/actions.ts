/**
 * What the buttons of the page do.
 *
 * @module
 */

import type { Copas } from "../copas/copas.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { DatagramServerHandle } from "../server/datagram_handle.ts";
import { Server } from "../server/server.ts";
import type { Workers } from "../workers/workers.ts";
import type { Identities } from "./identities.ts";
import { connectionsOf } from "./tables.ts";

/** What a page asks for. */
export interface Order {
  action: string;
  /** The number of the connection, server or group of workers. */
  id: number;
  /** The worker's place, for `restart`. Default: all of the group. */
  worker?: number;
}

/** What the actions act on. */
export interface Subjects {
  readonly copas: Copas;
  readonly scheduler: Scheduler;
  readonly ids: Identities;
  readonly workers: ReadonlySet<Workers>;
  servers(): (Server | DatagramServerHandle)[];
}

/** Reads an order; nothing when it is none. */
export function readOrder(value: unknown): Order | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { action, id, worker } = value as Record<string, unknown>;
  if (typeof action !== "string" || !Number.isSafeInteger(id)) return undefined;
  if (worker !== undefined && !Number.isSafeInteger(worker)) return undefined;
  return { action, id: id as number, worker: worker as number | undefined };
}

/** Carries an order out, or begins to; returns whether there is such an action, and what it acts on. */
export function carryOut(order: Order, subjects: Subjects): boolean {
  const { action, id } = order;
  const { scheduler, ids } = subjects;
  switch (action) {
    case "close":
    case "abort": {
      const connection = connectionsOf(scheduler)
        .map(({ connection }) => connection)
        .find(({ socket }) => ids.is(socket, id));
      if (connection === undefined) return false;
      if (action === "abort") connection.abort();
      // What can't be written any more is lost with the connection that was closed.
      else connection.close().catch(() => {});
      return true;
    }
    case "pause":
    case "resume":
    case "drain": {
      const server = subjects.servers().find((each) => ids.is(each, id));
      if (!(server instanceof Server)) return false;
      if (action === "drain") {
        begin(subjects, `drain ${server.name}`, () => server.drain());
      } else server[action]();
      return true;
    }
    case "restart": {
      const group = [...subjects.workers].find((each) => ids.is(each, id));
      if (group === undefined) return false;
      begin(
        subjects,
        `restart ${group.name}`,
        () => subjects.copas.wait(group.restart(order.worker)),
      );
      return true;
    }
    default:
      return false;
  }
}

/** Does in a thread what takes its time: its error is reported as that of any thread. */
function begin(
  { copas }: Subjects,
  name: string,
  act: () => Promise<unknown>,
): void {
  copas.addnamedthread(`inspector: ${name}`, act);
}

/**
 * What the main thread and its workers say to each other.
 *
 * @module
 */

import type { Status } from "../copas/status.ts";
import type { ServerOptions } from "../server/options.ts";

/** Where a worker listens, and how it serves. */
export interface ServeOrder extends ServerOptions {
  kind: "serve";
  hostname: string;
  port: number;
  backlog: number;
  name: string;
}

/** From the main thread to a worker. */
export type Order =
  | ServeOrder
  | { kind: "status"; id: number }
  | { kind: "stop" };

/** From a worker to the main thread. */
export type Report =
  | { kind: "loaded" }
  | { kind: "listening"; port: number }
  | { kind: "failed"; message: string }
  | { kind: "status"; id: number; served: number; status: Status }
  | { kind: "closed" }
  | { kind: "ended" };

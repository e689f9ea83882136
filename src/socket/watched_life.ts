/**
 * A stream socket that can be held to limits in time.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { MemoryBudget, MemoryHolder } from "../core/memory_budget.ts";
import type { Meter } from "../readiness/meter.ts";
import { ConnectionWatch, type Watched } from "./connection_watch.ts";
import type { Connection } from "./connection.ts";
import type { StreamEndpointOptions } from "./socket_options.ts";
import { StreamLife } from "./stream_life.ts";
import { LIMIT_REASON } from "./stream_state.ts";
import type { WatchLimits } from "./watch_limits.ts";

/** The life of a stream socket, and the watch over its connection. */
export abstract class WatchedLife extends StreamLife
  implements Watched, Meter, MemoryHolder {
  /** How many bytes its connection keeps in memory. */
  held = 0;
  /** Where they are counted together with those of others. */
  readonly budget: MemoryBudget;
  readonly #scheduler: Scheduler;
  readonly #created: number;
  readonly #closedBy?: (limit: string) => void;
  #limits?: WatchLimits = undefined;
  #watch?: ConnectionWatch = undefined;

  constructor(scheduler: Scheduler, options: StreamEndpointOptions) {
    super();
    this.#scheduler = scheduler;
    this.#created = scheduler.clock.now();
    this.#closedBy = options.closedBy;
    this.budget = options.memory ?? scheduler.memory;
    const { idletimeout, lifetime, mininput } = options;
    if ((idletimeout ?? lifetime ?? mininput) !== undefined) {
      this.#limits = { idletimeout, lifetime, mininput };
    }
  }

  /** Seconds since the socket was made. */
  get age(): number {
    return this.#scheduler.clock.now() - this.#created;
  }

  /** Holds the socket to other limits; what `limits` does not name stays. */
  limit(limits: WatchLimits): void {
    const { idletimeout, lifetime, mininput } = { ...this.#limits, ...limits };
    this.#limits = { idletimeout, lifetime, mininput };
    if (this.connection !== undefined && !this.isClosed) this.#start();
  }

  protected override hasConnected(connection: Connection): void {
    super.hasConnected(connection);
    if (this.#limits !== undefined) this.#start();
  }

  #start(): void {
    this.#watch ??= new ConnectionWatch(this.#scheduler, this);
    this.#watch.limits = this.#limits!;
  }

  protected override closeBegins(): void {
    this.#watch?.stop();
  }

  // --- For the watch ---------------------------------------------------------------

  get traffic(): { received: number; written: number } {
    const connection = this.anyConnection;
    return {
      received: connection?.receiver.source.received ?? 0,
      written: connection?.written ?? 0,
    };
  }

  get isReceiving(): boolean {
    return this.anyConnection?.receiver.isAwaited ?? false;
  }

  // --- For the budget of the memory ------------------------------------------------

  /** The connection holds so many bytes more, or less. */
  change(bytes: number): void {
    if (bytes === 0) return;
    this.held += bytes;
    this.budget.change(bytes, this);
  }

  closeWorst(max: number): void {
    this.closeFor(
      "maxbuffered",
      `it keeps more waiting in memory than any other connection, and there is no room left (maxbuffered: ${max} bytes)`,
    );
  }

  /** Closes the socket because of a limit: with a goodbye of TLS where nothing is left to write, else at once. */
  closeFor(limit: string, why: string): void {
    this.#closedBy?.(limit);
    const connection = this.anyConnection;
    const reason = `${LIMIT_REASON}${why}`;
    connection?.receiver.close(reason);
    const saysGoodbye = connection?.session !== undefined &&
      connection.isDrained;
    if (!saysGoodbye) connection?.abandon(reason);
    // A failure of it is the peer's, which has lost the connection anyway.
    this.close().catch(() => {});
  }
}

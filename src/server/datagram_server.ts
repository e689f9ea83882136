/**
 * A registered datagram server: one handler, one thread, one socket.
 *
 * @module
 */

import type { Metered, MetricSheet } from "../core/metrics.ts";
import type { Scheduler, Service } from "../core/scheduler.ts";
import { Thread } from "../core/thread.ts";
import { addressAttributes } from "../net/address.ts";
import type { DatagramSocket } from "../socket/datagram_socket.ts";
import {
  DatagramServerHandle,
  type DatagramServerInternals,
} from "./datagram_handle.ts";

/** Runs its handler in a thread until the handler ends, or the server is removed. */
export class DatagramServer
  implements Service, DatagramServerInternals, Metered {
  /** What the program has of it. */
  readonly handle: DatagramServerHandle = new DatagramServerHandle(this);
  readonly #scheduler: Scheduler;
  readonly #socket: DatagramSocket;
  #task?: Thread;

  constructor(scheduler: Scheduler, socket: DatagramSocket) {
    this.#scheduler = scheduler;
    this.#socket = socket;
  }

  /** The server's name. */
  get name(): string {
    return this.#socket.name;
  }

  /** The address of its socket, if that has one. */
  get addr(): Deno.Addr | undefined {
    try {
      const [hostname, port] = this.#socket.getsockname();
      return { transport: "udp", hostname, port };
    } catch {
      return undefined;
    }
  }

  /** Whether its socket is closed. */
  get closed(): boolean {
    return this.#socket.closed;
  }

  /** Runs `body` as the server's thread. When it ends, the server is removed. */
  serve(body: () => unknown): void {
    this.#scheduler.serve(this);
    this.#scheduler.metered.add(this);
    const task = this.#task = new Thread(
      this.#scheduler,
      `${this.#socket.name}:handler`,
      this.#socket,
    );
    task.run(async () => {
      try {
        await body();
      } finally {
        // The socket may have been registered again, with another handler.
        if (this.#task === task) this.remove();
      }
    });
  }

  measure(sheet: MetricSheet): void {
    const { name, addr } = this;
    const attributes = {
      "copas.server.name": name,
      ...(addr === undefined ? {} : addressAttributes(addr)),
    };
    const [receive, transmit] = this.#socket.getstats();
    const direction = "network.io.direction";
    const counts = { receive, transmit };
    sheet.addEach("copas.server.datagrams", counts, direction, attributes);
  }

  /** A datagram server has nothing to resume: its thread waits by itself. */
  resume(): void {}

  /** Ends the server; `keepopen` leaves the socket open. */
  remove(keepopen = false): void {
    const task = this.#task;
    this.#task = undefined;
    this.#scheduler.services.delete(this);
    this.#scheduler.metered.delete(this);
    this.#scheduler.selector.wake();
    if (keepopen) task?.cancel();
    else this.#socket.close();
  }
}

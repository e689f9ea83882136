/**
 * A registered datagram server: one handler, one thread, one socket.
 *
 * @module
 */

import type { Scheduler, Service } from "../core/scheduler.ts";
import { Thread } from "../core/thread.ts";
import {
  DatagramServerHandle,
  type DatagramServerInternals,
} from "./datagram_handle.ts";
import type { DatagramSocket } from "../socket/datagram_socket.ts";

/** Runs its handler in a thread until the handler ends, or the server is removed. */
export class DatagramServer implements Service, DatagramServerInternals {
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

  /** A datagram server has nothing to resume: its thread waits by itself. */
  resume(): void {}

  /** Ends the server; `keepopen` leaves the socket open. */
  remove(keepopen = false): void {
    const task = this.#task;
    this.#task = undefined;
    this.#scheduler.services.delete(this);
    this.#scheduler.selector.wake();
    if (keepopen) task?.cancel();
    else this.#socket.close();
  }
}

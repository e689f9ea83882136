/**
 * Load: connections that come, say one line, hear it, are closed by the
 * server, and are followed by the next one.
 *
 * @module
 */

import { Epoll, FAILED, READABLE, WRITABLE } from "../system/epoll.ts";
import {
  close,
  connectStream,
  receive,
  send,
  type Target,
} from "../system/sockets.ts";
import { Latencies } from "./latencies.ts";
import {
  type LoadOptions,
  type Measured,
  runLoad,
  Window,
} from "./measured.ts";

/** What this load is told. */
export interface StormOptions extends LoadOptions {
  target: Target;
  /** How many connections there are at a time. */
  connections: number;
}

const line = new TextEncoder().encode("y".repeat(63) + "\n");
/** Local addresses are taken in turn, each for so many connections that its ports are free again. */
const NUMBERS = 200_000;

class Storm {
  readonly #options: StormOptions;
  readonly #epoll = new Epoll();
  readonly #into = new Uint8Array(1024);
  readonly #latencies = new Latencies();
  readonly #window: Window;
  readonly #fds: Int32Array;
  readonly #begun: Float64Array;
  readonly #received: Int32Array;
  #count = 0;

  constructor(options: StormOptions) {
    const { connections } = options;
    this.#options = options;
    this.#fds = new Int32Array(connections);
    this.#begun = new Float64Array(connections);
    this.#received = new Int32Array(connections);
    this.#window = new Window(options);
  }

  run(): Measured {
    this.#fds.forEach((_, slot) => this.#connect(slot));
    this.#pump();
    this.#latencies.clear();
    this.#window.begin();
    this.#pump();
    const measured = this.#window.end(this.#latencies);
    this.#fds.forEach(close);
    return measured;
  }

  #connect(slot: number): void {
    this.#begun[slot] = performance.now();
    this.#received[slot] = 0;
    const number = this.#count++ % NUMBERS;
    const fd = this.#fds[slot] = connectStream(this.#options.target, number);
    // On this machine, connecting has ended already unless the backlog is full.
    const sent = send(fd, line) > 0;
    this.#epoll.add(fd, sent ? READABLE : WRITABLE, slot);
  }

  #pump(): void {
    for (;;) {
      const events = this.#epoll.wait(10_000);
      if (events === 0) throw new Error("The server does not answer");
      if (performance.now() >= this.#window.until) return;
      for (let i = 0; i < events; i++) {
        const slot = this.#epoll.number(i);
        const mask = this.#epoll.mask(i);
        if ((mask & FAILED) !== 0) throw new Error("A connection failed");
        if ((mask & WRITABLE) !== 0) this.#send(slot);
        else this.#receive(slot);
      }
    }
  }

  #send(slot: number): void {
    send(this.#fds[slot], line);
    this.#epoll.change(this.#fds[slot], READABLE, slot);
  }

  #receive(slot: number): void {
    const fd = this.#fds[slot];
    const count = receive(fd, this.#into);
    if (count < 0) return;
    this.#received[slot] += count;
    if (count > 0) return;
    if (this.#received[slot] !== line.length) {
      throw new Error("The server's answer is not what was sent");
    }
    close(fd);
    this.#latencies.add(performance.now() - this.#begun[slot]);
    this.#window.messages++;
    this.#connect(slot);
  }
}

await runLoad((options: StormOptions) => new Storm(options).run());

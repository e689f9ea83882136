/**
 * Load: clients that mean no good, all at once. Some send a byte of a line now
 * and then, some send nothing, some ask for much and read little of it, and some
 * connect, send a line and reset. One that is closed comes again.
 *
 * @module
 */

import { Epoll, READABLE, WRITABLE } from "../system/epoll.ts";
import {
  close,
  connectStream,
  receive,
  reset,
  send,
  type Target,
} from "../system/sockets.ts";
import { runLoad } from "./measured.ts";

/** What this load is told. */
export interface AttackOptions {
  target: Target;
  /** How many there are of each kind at a time. */
  drips: number;
  silent: number;
  slow: number;
  /** How many resets there are a second. */
  resets: number;
  /** How long it goes on, in seconds. */
  seconds: number;
}

/** What it has done. */
export interface Attacked {
  /** How many connections it has made, those that were reset among them. */
  connections: number;
  resets: number;
  /** How many connections the server has closed. */
  closed: number;
}

const byte = new TextEncoder().encode("x");
const line = new TextEncoder().encode("hello\n");
const big = new TextEncoder().encode("big\n".repeat(8));
const into = new Uint8Array(4096);
/** How many connections begin at once, so that the backlog has room for them. */
const BATCH = 100;
/** Seconds between two bytes of a drip, and two reads of a slow reader. */
const PERIOD = 2;

class Attack {
  readonly #options: AttackOptions;
  readonly #epoll = new Epoll();
  readonly #fds: Int32Array;
  readonly #missing: number[] = [];
  readonly #done: Attacked = { connections: 0, resets: 0, closed: 0 };
  #number = 0;

  constructor(options: AttackOptions) {
    const { drips, silent, slow } = options;
    this.#options = options;
    this.#fds = new Int32Array(drips + silent + slow).fill(-1);
    for (let slot = this.#fds.length; slot-- > 0;) this.#missing.push(slot);
  }

  async run(): Promise<Attacked> {
    const { seconds, resets } = this.#options;
    const begin = performance.now();
    let next = 0;
    for (let at = 0; at < seconds; at = (performance.now() - begin) / 1000) {
      for (let i = 0; i < BATCH && this.#missing.length > 0; i++) {
        this.#connect(this.#missing.pop()!);
      }
      this.#look();
      // Each drip and each slow reader has its turn once in a period.
      const until = Math.floor(at / PERIOD * this.#fds.length);
      for (; next < until; next++) this.#act(next % this.#fds.length);
      while (this.#done.resets < at * resets) this.#reset();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (const fd of this.#fds) if (fd >= 0) close(fd);
    return this.#done;
  }

  #isDrip(slot: number): boolean {
    return slot < this.#options.drips;
  }

  #isSlow(slot: number): boolean {
    return slot >= this.#fds.length - this.#options.slow;
  }

  #connect(slot: number): void {
    const { target } = this.#options;
    const isSlow = this.#isSlow(slot);
    const fd = connectStream(target, this.#number++, isSlow ? 4096 : 0);
    this.#done.connections++;
    this.#fds[slot] = fd;
    // What a slow reader has not read is no event.
    this.#epoll.add(fd, isSlow ? WRITABLE : READABLE, slot);
  }

  #look(): void {
    const events = this.#epoll.wait(0);
    for (let i = 0; i < events; i++) {
      const slot = this.#epoll.number(i);
      const fd = this.#fds[slot];
      if (this.#epoll.mask(i) === WRITABLE) {
        send(fd, big);
        this.#epoll.change(fd, 0, slot);
      } else if (receive(fd, into) <= 0) {
        close(fd);
        this.#done.closed++;
        this.#fds[slot] = -1;
        this.#missing.push(slot);
      }
    }
  }

  #act(slot: number): void {
    const fd = this.#fds[slot];
    if (fd < 0) return;
    if (this.#isDrip(slot)) send(fd, byte);
    else if (this.#isSlow(slot)) receive(fd, into);
  }

  #reset(): void {
    const fd = connectStream(this.#options.target, this.#number++);
    send(fd, line);
    reset(fd);
    this.#done.connections++;
    this.#done.resets++;
  }
}

await runLoad((options: AttackOptions) => new Attack(options).run());

/**
 * Load: connections that say one line each, hear it, and then stay open and
 * silent; tells the server's resident memory before and after.
 *
 * @module
 */

import { residentMemory } from "../system/processor_time.ts";
import {
  close,
  connectStream,
  receive,
  send,
  type Target,
} from "../system/sockets.ts";
import { Epoll, FAILED, READABLE, WRITABLE } from "../system/epoll.ts";
import { runLoad } from "./measured.ts";

/** What this load is told. */
export interface IdleOptions {
  target: Target;
  pid: number;
  connections: number;
}

/** The server's memory, in bytes. */
export interface Idle {
  /** With one connection. */
  before: number;
  /** With all of them. */
  after: number;
}

const line = new TextEncoder().encode("x".repeat(63) + "\n");
/** How many connections begin at once. */
const BATCH = 100;

async function run({ target, pid, connections }: IdleOptions): Promise<Idle> {
  const open: number[] = [];
  connect(target, open, 1);
  const before = await settled(pid);
  while (open.length < connections + 1) {
    connect(target, open, Math.min(BATCH, connections + 1 - open.length));
  }
  const after = await settled(pid);
  // Each of them must still be served.
  for (const fd of open) exchange(fd);
  open.forEach(close);
  return { before, after };
}

function connect(target: Target, open: number[], count: number): void {
  const fds: number[] = [];
  for (let i = 0; i < count; i++) {
    fds.push(connectStream(target, open.length + i));
  }
  open.push(...fds);
  for (const fd of fds) exchange(fd);
}

const into = new Uint8Array(1024);

function exchange(fd: number): void {
  const epoll = new Epoll();
  epoll.add(fd, WRITABLE, 0);
  wait(epoll);
  send(fd, line);
  epoll.change(fd, READABLE, 0);
  for (let got = 0; got < line.length;) {
    wait(epoll);
    const count = receive(fd, into);
    if (count === 0) throw new Error("The server closed a connection");
    got += Math.max(0, count);
  }
  epoll.close();
}

function wait(epoll: Epoll): void {
  if (epoll.wait(10_000) === 0) throw new Error("The server does not answer");
  if ((epoll.mask(0) & FAILED) !== 0) throw new Error("A connection failed");
}

/** The server's memory once it has stayed within 1 % for a second, or after ten. */
async function settled(pid: number): Promise<number> {
  let last = residentMemory(pid);
  let steady = 0;
  for (let tries = 0; steady < 4 && tries < 40; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = residentMemory(pid);
    steady = Math.abs(now - last) < last / 100 ? steady + 1 : 0;
    last = now;
  }
  return last;
}

await runLoad(run);

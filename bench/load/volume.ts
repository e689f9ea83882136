/**
 * Load: many bytes through one connection, as fast as they go; all come back.
 *
 * @module
 */

import { processorTime } from "../system/processor_time.ts";
import { Epoll, FAILED, READABLE, WRITABLE } from "../system/epoll.ts";
import {
  close,
  connectStream,
  receive,
  send,
  type Target,
} from "../system/sockets.ts";
import { type Measured, runLoad } from "./measured.ts";

/** What this load is told. */
export interface VolumeOptions {
  target: Target;
  pid: number;
  /** How many bytes go through the connection. */
  bytes: number;
}

/** What is sent, again and again: its length is odd, so that nothing falls on round borders. */
const block = Uint8Array.from({ length: 262_141 }, (_, i) => i * 31 + (i >> 8));

function run({ target, pid, bytes }: VolumeOptions): Measured {
  const fd = connectStream(target);
  const epoll = new Epoll();
  const into = new Uint8Array(block.length);
  epoll.add(fd, READABLE | WRITABLE, 0);
  const begin = performance.now();
  const server = processorTime(pid);
  const own = processorTime(Deno.pid);
  let sent = 0;
  let received = 0;
  while (received < bytes) {
    if (epoll.wait(10_000) === 0) throw new Error("The server does not answer");
    const mask = epoll.mask(0);
    if ((mask & FAILED) !== 0) throw new Error("The connection failed");
    if ((mask & WRITABLE) !== 0 && sent < bytes) {
      const from = sent % block.length;
      const to = Math.min(block.length, from + bytes - sent);
      sent += send(fd, block.subarray(from, to));
      if (sent === bytes) epoll.change(fd, READABLE, 0);
    }
    if ((mask & READABLE) !== 0) {
      const count = receive(fd, into);
      if (count === 0) throw new Error("The server closed the connection");
      if (count > 0) {
        compare(into, received, count);
        received += count;
      }
    }
  }
  const measured = {
    messages: bytes,
    seconds: (performance.now() - begin) / 1000,
    processor: processorTime(pid) - server,
    load: processorTime(Deno.pid) - own,
  };
  close(fd);
  return measured;
}

/** Compares a byte here and there: all of them would take longer than the server. */
function compare(into: Uint8Array, received: number, count: number): void {
  for (let i = 0; i < count; i += 509) {
    if (into[i] !== block[(received + i) % block.length]) {
      throw new Error("The server's answer is not what was sent");
    }
  }
}

await runLoad(run);

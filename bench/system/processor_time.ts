/**
 * What the operating system says of a process: its processor time and memory.
 *
 * @module
 */

import { libc, systemError } from "./libc.ts";

const time = new BigInt64Array(2);
const timeBytes = new Uint8Array(time.buffer);

/**
 * The processor time of a process in seconds, to the nanosecond: user and
 * system, of all threads, also those that have ended.
 *
 * It is the kernel's own clock of that process, which clock_getcpuclockid(3)
 * names; /proc/PID/stat shows the same in steps of 10 ms.
 */
export function processorTime(pid: number): number {
  const clock = (~pid << 3) | 2;
  if (libc.clock_gettime(clock, timeBytes) !== 0) {
    throw systemError(`Cannot read the processor time of process ${pid}`);
  }
  return Number(time[0]) + Number(time[1]) / 1e9;
}

/** The resident memory of a process in bytes. */
export function residentMemory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) {
    throw new Error(`Cannot read the memory of process ${pid}: it has ended`);
  }
  return Number(kibibytes) * 1024;
}

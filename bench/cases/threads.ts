/**
 * Threads: what they cost without sockets. Switches with `pause(0)`, 100,000
 * sleepers that wake at random within a second, and the tools: lock,
 * semaphore, queue.
 *
 * @module
 */

import { type Case, type Experiment, LeftOut, type Sample } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Work } from "../contenders/threads.ts";
import { runProgram } from "../processes.ts";

/** Measures a program of a contender: the cost of an operation, and of all. */
async function measureWork(
  contender: ContenderName,
  task: string,
  size: number,
): Promise<Sample> {
  const program = ["threads", task, String(size)];
  const { operations, processor, missing } = await runProgram<Work>(
    contender,
    program,
  );
  if (missing !== undefined) throw new LeftOut(missing);
  return { step: processor / operations * 1e9, total: processor };
}

const switches: Experiment<ContenderName> = {
  name: "threads/switches",
  title: "1,000,000 switches of 100 threads with pause(0)",
  contenders: ["ours", "bare", "lua"],
  titles: { bare: "await of a resolved promise" },
  decides: "step",
  goals: [{
    text: "processor time of a switch, to a bare await",
    metric: "step",
    against: { contender: "bare" },
    most: 3,
  }],
  measure: (contender) => measureWork(contender, "switches", 1e6),
};

const sleepers: Experiment<ContenderName> = {
  name: "threads/sleepers",
  title: "100,000 sleepers that wake within a second",
  contenders: ["ours", "bare", "lua"],
  titles: { bare: "a setTimeout for each" },
  decides: "total",
  goals: [{
    text: "seconds of processor time of 100,000 sleepers",
    metric: "total",
    most: 1,
  }],
  measure: (contender) => measureWork(contender, "sleepers", 1e5),
};

function tool(name: string, title: string): Experiment<ContenderName> {
  return {
    name: `threads/${name}`,
    title,
    contenders: ["ours", "lua"],
    decides: "step",
    goals: [],
    measure: (contender) => measureWork(contender, name, 3e5),
  };
}

/** The case. */
export const threads: Case<ContenderName> = {
  name: "threads",
  title: "threads",
  experiments: () => [
    switches,
    sleepers,
    tool("lock", "300,000 times get and release of a lock by 100 threads"),
    tool("semaphore", "300,000 times take and give of 10 by 100 threads"),
    tool("queue", "300,000 items through a queue to 10 workers"),
  ],
};

/**
 * What cases share that send messages over connections that stay open.
 *
 * @module
 */

import type { Pace, Sample } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Measured } from "../load/measured.ts";
import type { MessageOptions } from "../load/messages.ts";
import { runLoad, withServer } from "../processes.ts";

/** What the messages are. */
export type Messages = Pick<
  MessageOptions,
  "connections" | "size" | "inFlight" | "active" | "request" | "answer"
>;

/** Measures a contender that runs `program` under a load of messages. */
export function measureMessages(
  contender: ContenderName,
  program: string[],
  messages: Messages,
  { seconds, warmUp }: Pace,
): Promise<Sample> {
  return withServer(contender, program, async ({ pid, target }) => {
    const options = { pid, target, seconds, warmUp, ...messages };
    return costs(await runLoad<Measured>("messages", options));
  });
}

/** A measurement as a sample: what a message cost. */
export function costs(measured: Measured): Sample {
  const { messages, seconds, processor, load, p50, p99 } = measured;
  return {
    cost: processor / messages * 1e6,
    rate: messages / seconds,
    p50,
    p99,
    load: load / seconds,
  };
}

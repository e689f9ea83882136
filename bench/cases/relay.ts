/**
 * Relay: a proxy between the load and an echo server, with 50 connections on
 * either side. Only the proxy's processor time counts; the echo server behind
 * it is the same bare loop for all.
 *
 * @module
 */

import type { Case, Experiment } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import { withServer } from "../processes.ts";
import { measureMessages } from "./messages.ts";

function messages(size: number, title: string): Experiment<ContenderName> {
  return {
    name: `relay/${size}`,
    title:
      `relay to an echo server, 50 connections, ${title} there and back, one in flight on each`,
    contenders: ["ours", "bare"],
    decides: "cost",
    goals: [{
      text: "processor time, to the bare loops",
      metric: "cost",
      against: { contender: "bare" },
      most: 1.05,
    }],
    measure: (contender, pace) =>
      withServer("bare", ["stream", "relay"], async ({ target }) => {
        if (!("port" in target)) throw new Error("The echo server has no port");
        return await measureMessages(
          contender,
          ["relay", String(target.port)],
          { connections: 50, size, inFlight: 1 },
          pace,
        );
      }),
  };
}

/** The case. */
export const relay: Case<ContenderName> = {
  name: "relay",
  title: "relay",
  experiments: () => [
    messages(64, "64 bytes"),
    messages(16 * 1024, "16 KiB"),
  ],
};

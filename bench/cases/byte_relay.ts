/**
 * Byte relay: what comes goes back, whatever it is. 50 connections with
 * messages of 64 bytes and of 16 KiB, and one connection with a gibibyte.
 *
 * @module
 */

import type { Case, Experiment, Goal, Metric, Pace } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Measured } from "../load/measured.ts";
import { runLoad, withServer } from "../processes.ts";
import { measureMessages } from "./messages.ts";

const contenders: ContenderName[] = [
  "ours",
  "arrays",
  "bare",
  "node_deno",
  "node",
  "lua",
];

const GIBIBYTE = 2 ** 30;

/** The bare loop has one buffer for all that it reads, and so has our server; the other one takes what is simplest. */
function programOf(contender: ContenderName): string[] {
  return ["stream", contender === "arrays" ? "relay_arrays" : "relay"];
}

function goal(metric: Metric): Goal<ContenderName> {
  return {
    text: "processor time, to the bare loop",
    metric,
    against: { contender: "bare" },
    most: 1.05,
  };
}

function messages(size: number, title: string): Experiment<ContenderName> {
  return {
    name: `byte_relay/${size}`,
    title: `byte relay, 50 connections, ${title}, one in flight on each`,
    contenders,
    decides: "cost",
    goals: [goal("cost")],
    measure: (contender, pace) =>
      measureMessages(
        contender,
        programOf(contender),
        { connections: 50, size, inFlight: 1 },
        pace,
      ),
  };
}

function volume({ full }: Pace): Experiment<ContenderName> {
  const bytes = full ? GIBIBYTE : GIBIBYTE / 4;
  return {
    name: "byte_relay/volume",
    title: `byte relay, ${bytes / 2 ** 20} MiB through one connection`,
    contenders,
    decides: "volume",
    goals: [goal("volume")],
    measure: (contender) =>
      withServer(contender, programOf(contender), async ({ pid, target }) => {
        const options = { pid, target, bytes };
        const measured = await runLoad<Measured>("volume", options);
        return {
          volume: measured.processor / bytes * GIBIBYTE,
          throughput: bytes / 2 ** 20 / measured.seconds,
          load: measured.load / measured.seconds,
        };
      }),
  };
}

/** The case. */
export const byteRelay: Case<ContenderName> = {
  name: "byte_relay",
  title: "byte relay",
  experiments: (pace) => [
    messages(64, "64 bytes"),
    messages(16 * 1024, "16 KiB"),
    volume(pace),
  ],
};

/**
 * Echo over other sockets than TCP's: lines over Unix sockets, and datagrams;
 * 50 peers, 64 bytes, one in flight for each.
 *
 * @module
 */

import type { Case, Experiment, Goal } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Measured } from "../load/measured.ts";
import { runLoad, withServer } from "../processes.ts";
import { costs, measureMessages } from "./messages.ts";

const PEERS = 50;
const SIZE = 64;

const goal: Goal<ContenderName> = {
  text: "processor time of a message, to the bare loop",
  metric: "cost",
  against: { contender: "bare" },
  most: 1.05,
};

const unix: Experiment<ContenderName> = {
  name: "unix",
  title: "line echo over Unix sockets, 50 connections, 64 bytes",
  contenders: ["ours", "bare", "node_deno", "node"],
  decides: "cost",
  goals: [goal],
  async measure(contender, pace) {
    const folder = await Deno.makeTempDir({ prefix: "copas_bench_" });
    try {
      return await measureMessages(
        contender,
        ["stream", "lines", `${folder}/socket`],
        { connections: PEERS, size: SIZE, inFlight: 1 },
        pace,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

const udp: Experiment<ContenderName> = {
  name: "udp",
  title: "datagram echo, 50 peers, 64 bytes",
  contenders: ["ours", "bare", "node_deno", "node", "lua"],
  titles: { node_deno: "node:dgram on Deno", node: "node:dgram on Node" },
  decides: "cost",
  goals: [goal],
  measure: (contender, { seconds, warmUp }) =>
    withServer(contender, ["datagram"], async (server) => {
      const options = {
        ...server,
        seconds,
        warmUp,
        sockets: PEERS,
        size: SIZE,
      };
      return costs(await runLoad<Measured>("datagrams", options));
    }),
};

/** The case. */
export const otherSockets: Case<ContenderName> = {
  name: "other_sockets",
  title: "Unix and UDP echo",
  experiments: () => [unix, udp],
};

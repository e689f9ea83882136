/**
 * Servers of `node:net` and `node:http` over our sockets, to their own: an echo
 * of 64 bytes and of 16 KiB, and HTTP requests that keep their connections.
 *
 * @module
 */

import type { Case, Experiment } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import { ANSWER } from "../contenders/node_servers.ts";
import { measureMessages, type Messages } from "./messages.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";

function experiment(
  name: string,
  title: string,
  job: string,
  most: number | undefined,
  messages: Messages,
): Experiment<ContenderName> {
  return {
    name: `node/${name}`,
    title: `${title}, 50 connections, one in flight on each`,
    contenders: ["ours", "node_deno"],
    titles: { ours: "on our sockets", node_deno: "on node's own, on Deno" },
    decides: "cost",
    goals: most === undefined ? [] : [{
      text: "processor time, to node's own sockets on Deno",
      metric: "cost",
      against: { contender: "node_deno" },
      most,
    }],
    measure: (contender, pace) =>
      measureMessages(contender, ["node", job], messages, pace),
  };
}

const connections = { connections: 50, inFlight: 1 };

/** The case. */
export const node: Case<ContenderName> = {
  name: "node",
  title: "libraries of node's",
  experiments: () => [
    experiment("echo", "echo of 64 bytes", "echo", 1.3, {
      ...connections,
      size: 64,
    }),
    experiment("echo_16k", "echo of 16 KiB", "echo", undefined, {
      ...connections,
      size: 16 * 1024,
    }),
    experiment("http", "HTTP with keep-alive", "http", 1.25, {
      ...connections,
      size: REQUEST.length,
      request: REQUEST,
      answer: ANSWER,
    }),
  ],
};

/**
 * All cases, in the order in which they run.
 *
 * @module
 */

import type { Case } from "./case.ts";
import { attack } from "./cases/attack.ts";
import { byteRelay } from "./cases/byte_relay.ts";
import { cluster } from "./cases/cluster.ts";
import { fairness } from "./cases/fairness.ts";
import { idle } from "./cases/idle.ts";
import { lineEcho } from "./cases/line_echo.ts";
import { many } from "./cases/many.ts";
import { node } from "./cases/node.ts";
import { otherSockets } from "./cases/other_sockets.ts";
import { redis } from "./cases/redis.ts";
import { relay } from "./cases/relay.ts";
import { requests } from "./cases/requests.ts";
import { start } from "./cases/start.ts";
import { storm } from "./cases/storm.ts";
import { threads } from "./cases/threads.ts";
import { tls } from "./cases/tls.ts";

/** The cases. */
export const cases: Case[] = [
  lineEcho,
  byteRelay,
  relay,
  many,
  idle,
  storm,
  attack,
  redis,
  cluster,
  node,
  requests,
  tls,
  otherSockets,
  threads,
  fairness,
  start,
];

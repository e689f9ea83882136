/**
 * Attack: drips, half-open connections, resets and slow readers, all at once,
 * and beside them a client that means well.
 *
 * @module
 */

import type { Case } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Attacked } from "../load/attack.ts";
import type { Controlled } from "../load/control.ts";
import { runLoad, withServer } from "../processes.ts";

const KINDS = { drips: 5_000, silent: 10_000, slow: 2_000 };
const RESETS = 10_000;
/** Seconds in which is measured, and in which all of the resets come. */
const SECONDS = 10;
/** Seconds that the connections of the attack have to be made, on a machine that has other work. */
const BEGINNING = 20;

/** The share of the connections that has to be there: drips are closed, and come again. */
const SHARE = 0.8;

/** MiB: the process alone, what may wait in memory, and 13 KB for each idle connection. */
const MOST_MEMORY = Math.round(70 + 64 + 17_000 * 13e3 / 2 ** 20);

/** The case. */
export const attack: Case<ContenderName> = {
  name: "attack",
  title: "attack",
  experiments: () => [{
    name: "attack",
    title:
      "5,000 drips, 10,000 half-open, 10,000 resets and 2,000 slow readers; round trips of a client beside them",
    contenders: ["ours"],
    decides: "p99",
    goals: [
      { text: "p99 beside the attack, in µs", metric: "p99", most: 50_000 },
      {
        text: "memory: maxbuffered, and that of idle connections, in MiB",
        metric: "resident",
        most: MOST_MEMORY,
      },
    ],
    measure: (contender) =>
      withServer(contender, ["attack"], async ({ pid, target }) => {
        const seconds = BEGINNING + SECONDS;
        const resets = RESETS / SECONDS;
        const [, controlled] = await Promise.all([
          runLoad<Attacked>("attack", { target, ...KINDS, resets, seconds }),
          runLoad<Controlled>("control", {
            ...{ pid, target, seconds: SECONDS },
            connections: SHARE * (KINDS.drips + KINDS.silent + KINDS.slow),
          }),
        ]);
        const { p50, p99, most, serving } = controlled;
        return { p50, p99, resident: most / 2 ** 20, held: serving };
      }),
  }],
};

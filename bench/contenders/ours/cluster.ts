/**
 * Pushes, pulls and locks of a cluster.
 *
 * Arguments: the server, what is done, how many at once, seconds.
 *
 * @module
 */

import { Copas } from "../../../mod.ts";
import { connect } from "../../../src/cluster_nats/mod.ts";
import { inFlight } from "../../load/in_flight.ts";

const [url, what, count, seconds] = Deno.args;
const copas = new Copas();
const cluster = await connect(url, { copas });
const jobs = cluster.queue<number>({ name: `q${crypto.randomUUID()}` });
const operations: Record<string, (place: number) => Promise<unknown>> = {
  push: () => jobs.push(1),
  pull: () => jobs.pop(30),
  lock: async (place) => {
    await using _held = await cluster.lock({ name: `l${place}` }).hold();
  },
};
await copas.loop(async () => {
  if (what === "pull") {
    const pushes = Array.from({ length: 64 }, () =>
      (async () => {
        for (let i = 0; i < Number(seconds) * 400; i++) await jobs.push(i);
      })());
    await Promise.all(pushes);
  }
  const operation = operations[what];
  const result = await inFlight(Number(count), Number(seconds), operation);
  console.log(JSON.stringify(result));
});
await cluster.close();

/**
 * The same with the plain client of NATS, over node's sockets.
 *
 * Arguments: the server, what is done, how many at once, seconds.
 *
 * @module
 */

import { connect } from "npm:@nats-io/transport-node@^3.4.0";
import { jetstream, jetstreamManager } from "npm:@nats-io/jetstream@^3.4.0";
import { Kvm } from "npm:@nats-io/kv@^3.4.0";
import { inFlight } from "../../load/in_flight.ts";

const [servers, what, count, seconds] = Deno.args;
const client = await connect({ servers });
const name = `q${crypto.randomUUID()}`;
const manager = await jetstreamManager(client);
await manager.streams.add({
  ...{ name, subjects: [name], retention: "workqueue" },
});
await manager.consumers.add(name, {
  ...{ durable_name: "workers", ack_policy: "explicit", max_ack_pending: -1 },
});
const stream = jetstream(client);
const consumer = await stream.consumers.get(name, "workers");
const locks = await new Kvm(client).create(`l${name}`);
const operations: Record<string, (place: number) => Promise<unknown>> = {
  push: () => stream.publish(name, "1", { msgID: crypto.randomUUID() }),
  pull: async () => {
    const message = await consumer.next({ expires: 30_000 });
    await message!.ackAck();
  },
  lock: async (place) => {
    await locks.create(`${place}`, "");
    await locks.purge(`${place}`);
  },
};
if (what === "pull") {
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (let i = 0; i < Number(seconds) * 400; i++) {
      await stream.publish(name, "1");
    }
  }));
}
const operation = operations[what];
const result = await inFlight(Number(count), Number(seconds), operation);
console.log(JSON.stringify(result));
await client.close();

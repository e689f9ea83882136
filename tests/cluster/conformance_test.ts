// The engine on NATS keeps what every engine has to promise, with a real server.

import { Copas } from "../../mod.ts";
import { conformance, ConformanceFailure } from "../../src/cluster/mod.ts";
import { connect } from "../../src/cluster_nats/mod.ts";
import { hasNats, NatsServers } from "./fixtures/nats_servers.ts";

Deno.test({
  name: "the engine on NATS passes the kit of tests for engines",
  ignore: !hasNats,
  fn: async (t) => {
    await using servers = await NatsServers.start();
    const copas = new Copas();
    copas.seterrorhandler((error) => {
      if (!(error instanceof ConformanceFailure)) console.error(error);
    }, true);
    const cases = conformance({
      connect: () => connect(servers.url, { copas, timeout: 10 }),
      pause: (seconds) => copas.pause(seconds),
    });
    for (const { name, run } of cases) await t.step(name, run);
  },
});

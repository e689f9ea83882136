// Many jobs while workers and servers are killed and stopped: none is lost, each
// is done at least once. With COPAS_CLUSTER_JOBS=10000 in the environment it is
// the long run; `COPAS_CLUSTER_JOBS=10000 deno task test tests/cluster/chaos_test.ts`.

import { assert, assertEquals } from "@std/assert";
import { Copas } from "../../mod.ts";
import { connect } from "../../src/cluster_nats/mod.ts";
import { Connection } from "../../src/cluster_nats/connection.ts";
import { Child } from "./fixtures/child.ts";
import {
  hasNats,
  type NatsServer,
  NatsServers,
} from "./fixtures/nats_servers.ts";

const jobCount = Number(Deno.env.get("COPAS_CLUSTER_JOBS") ?? 2000);
const lease = 1;

Deno.test({
  name:
    "of many jobs none is lost and each is done while workers, servers and the leader are killed",
  ignore: !hasNats,
  fn: async () => {
    await using servers = await NatsServers.start({ size: 3 });
    const copas = new Copas();
    await using cluster = await connect(servers.urls, {
      ...{ copas, replicas: 3, timeout: 20, heartbeat: 0.5 },
    });
    const jobs = cluster.queue<number>({ name: "jobs", lease });
    await jobs.push(0, { id: "0", timeout: 20 });
    const children = Array.from({ length: 3 }, () => startWorker(servers));
    await using rest = new AsyncDisposableStack();
    rest.defer(async () => {
      for (const child of children) await child.kill();
    });

    let next = 1;
    let isDone = false;
    const pushers = Array.from(
      { length: 8 },
      () =>
        copas.addthread(async () => {
          for (let job; (job = next++) < jobCount;) {
            // A push that timed out may be stored: the same id makes it safe.
            for (;;) {
              const pushed = await copas.pcall(() =>
                jobs.push(job, { id: `${job}`, timeout: 10 })
              );
              if (pushed[0] === true) break;
            }
          }
        }),
    );
    copas.addthread(async () => {
      const failures = failuresOf(servers, children);
      for (let i = 0; !isDone && i < failures.length; i++) {
        await copas.pause(0.4);
        await copas.wait(failures[i]());
      }
    });
    await copas.loop(async () => {
      while (pushers.some(({ status }) => status !== "dead")) {
        await copas.pause(0.1);
      }
      while (await jobs.getsize(60) > 0) await copas.pause(0.1);
      isDone = true;
    });

    const times = new Map<number, number>();
    for (const line of children.flatMap(({ lines }) => lines)) {
      const [word, job] = line.split(" ");
      if (word !== "done") continue;
      times.set(Number(job), (times.get(Number(job)) ?? 0) + 1);
    }
    const missing = Array.from({ length: jobCount }, (_, i) => i)
      .filter((i) => !times.has(i));
    assertEquals(missing, []);
    const duplicates = [...times.values()].reduce((sum, n) => sum + n - 1, 0);
    // Every failure may repeat what was under way, and not more than that.
    assert(duplicates < 100, `${duplicates} of ${jobCount} were done twice`);
    if (jobCount !== 2000) console.log(`${duplicates} duplicates`);
  },
});

function startWorker(servers: NatsServers): Child {
  return new Child({
    ...{ role: "worker", servers: servers.urls, name: "jobs", lease },
    ...{ seconds: 0.005, workers: 4 },
  });
}

/** What happens, one after the other. */
function failuresOf(
  servers: NatsServers,
  children: Child[],
): (() => Promise<void>)[] {
  const [first, second] = servers.servers;
  const restart = async (server: NatsServer) => {
    await server.kill();
    await server.start();
  };
  return [
    async () => {
      await children[0].kill();
      children.push(startWorker(servers));
    },
    () => restart(first),
    // For longer than the lease: its jobs go to others, and it must not disturb.
    () => {
      children[1].signal("SIGSTOP");
      return Promise.resolve();
    },
    async () => await restart(await leaderOf(servers) ?? second),
    async () => {
      await children[2].kill();
      children.push(startWorker(servers));
    },
    () => {
      children[1].signal("SIGCONT");
      return Promise.resolve();
    },
  ];
}

/** The server that leads the stream. */
async function leaderOf(
  servers: NatsServers,
): Promise<NatsServer | undefined> {
  const copas = new Copas();
  let leader: string | undefined;
  await copas.loop(async () => {
    const connection = await copas.wait(Connection.open({
      ...{ host: copas, timeout: 5, maxbuffered: 1e6 },
      client: { servers: servers.urls.map((url) => url.slice(7)) },
    }));
    const { signal } = new AbortController();
    const answer = await copas.wait(
      connection.ask("$JS.API.STREAM.INFO.copas_queue_jobs", "", { signal }),
    );
    const info = answer.json<{ cluster?: { leader?: string } }>();
    leader = info.cluster?.leader;
    await copas.wait(connection.close());
  });
  return servers.servers[Number(leader?.slice(1))];
}

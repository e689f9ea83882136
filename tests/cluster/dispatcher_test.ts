// A cluster is part of its dispatcher: the loop, the exit, removal, the network
// scope, TLS and the login hold for it.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
} from "npm:@nats-io/jwt@^0.0.11";
import {
  createAccount,
  createOperator,
  createUser,
} from "npm:@nats-io/nkeys@^2.0.3";
import { Copas, ScopeError } from "../../mod.ts";
import type { JobQueue, SharedLock } from "../../src/cluster/mod.ts";
import { connect, EngineError } from "../../src/cluster_nats/mod.ts";
import { Authority, hasOpenssl } from "../fixtures/certificates.ts";
import { hasNats, NatsServers } from "./fixtures/nats_servers.ts";

function test(name: string, fn: () => Promise<void>, ignore = !hasNats): void {
  Deno.test({ name, ignore, fn });
}

test("an open cluster does not keep the loop going; a worker does until exit(), and finishes its job", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  await copas.loop();
  const jobs = cluster.queue<number>({ name: "jobs" });
  const news = cluster.subscribe("news");
  const seen: unknown[] = [];
  await copas.loop(async () => {
    jobs.addworker(async (job) => {
      copas.exit();
      await copas.pause(0.05);
      seen.push(job);
    });
    copas.addthread(async () => {
      for await (const _ of news);
      seen.push("end of news");
    });
    await jobs.push(1);
    await jobs.push(2);
  });
  assertEquals(seen.includes(1), true);
  assertEquals(seen.includes(2), false);
  assertEquals(seen.includes("end of news"), true);
  assertEquals(await jobs.pop(5), 2);
  news.close();
});

test("a worker that is removed gives its job back at once", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const jobs = cluster.queue<string>({ name: "jobs", lease: 30 });
  await jobs.push("a");
  const started = Promise.withResolvers<void>();
  const worker = jobs.addworker(async () => {
    started.resolve();
    await copas.pause(60);
  });
  await copas.wait(started.promise);
  copas.removethread(worker);
  assertEquals(await jobs.pop(5), "a");
});

test("close() waits for the jobs under way, and cuts them after the grace", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using other = await connect(servers.url, { copas, timeout: 10 });
  const cluster = await connect(servers.url, { copas, timeout: 10 });
  const jobs = cluster.queue<number>({ name: "jobs", lease: 30 });
  await jobs.push(0.05);
  await jobs.push(60);
  let count = 0;
  for (let i = 0; i < 2; i++) {
    jobs.addworker(async (seconds) => {
      count++;
      await copas.pause(seconds);
    });
  }
  while (count < 2) await copas.pause(0.01);
  await cluster.close({ grace: 0.3 });
  assertEquals(await other.queue<number>({ name: "jobs" }).pop(5), 60);
});

test("a backoff that fails is reported, and the job is tried again after the usual time", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  const heard: string[] = [];
  copas.seterrorhandler(
    (error) => void heard.push((error as Error).message),
    true,
  );
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const jobs = cluster.queue<string>({
    name: "jobs",
    backoff() {
      throw new Error("no pause");
    },
  });
  const done = copas.future.new<number>();
  jobs.addworker((_, { attempt }) => {
    if (attempt === 1) throw new Error("first");
    done.resolve(attempt);
  });
  await jobs.push("a");
  assertEquals(await done.get({ timeout: 10 }), 2);
  assertEquals(heard, ["first", "no pause"]);
});

test("a server outside the network scope is refused", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas({ net: ["127.0.0.1:1"] });
  await assertRejects(() => connect(servers.url, { copas }), ScopeError);
});

test("nothing that listens, no JetStream, and a wrong password are told apart", async () => {
  const copas = new Copas();
  await assertRejects(
    () => connect("nats://127.0.0.1:1", { copas }),
    Deno.errors.ConnectionRefused,
  );
  const lines = ['authorization { user: ann, password: "s%cret" }'];
  await using servers = await NatsServers.start({ lines });
  await assertRejects(
    () => connect(servers.url, { copas, user: "ann", password: "x" }),
    EngineError,
    "the login is refused",
  );
  const url = servers.url.replace("//", "//ann:s%25cret@");
  await using _cluster = await connect(url, { copas });
});

test("a token is a login as well", async () => {
  const copas = new Copas();
  await using servers = await NatsServers.start({
    lines: ["authorization { token: t0ken }"],
  });
  await using cluster = await connect(servers.url, { copas, token: "t0ken" });
  assertEquals(cluster.status().connected, true);
});

test("an nkey is a login as well", async () => {
  const pair = createUser();
  const copas = new Copas();
  await using servers = await NatsServers.start({
    lines: [`authorization { users: [ { nkey: ${pair.getPublicKey()} } ] }`],
  });
  const nkey = new TextDecoder().decode(pair.getSeed());
  await using cluster = await connect(servers.url, { copas, nkey });
  assertEquals(cluster.status().connected, true);
});

test("the text of a credentials file is a login as well", async () => {
  const [operator, system, account] = [
    createOperator(),
    createAccount(),
    createAccount(),
  ];
  const user = createUser();
  const [systemkey, key] = [system.getPublicKey(), account.getPublicKey()];
  const signer = { signer: operator };
  // A limit that is not named is 0.
  const all = [
    ...["mem_storage", "disk_storage", "streams", "consumer"],
    ...["conn", "subs", "data", "payload", "leaf", "imports", "exports"],
  ];
  const limits = Object.fromEntries(all.map((limit) => [limit, -1]));
  const tokens = [
    await encodeOperator("O", operator, { system_account: systemkey }),
    await encodeAccount("SYS", system, {}, signer),
    await encodeAccount("A", account, { limits }, signer),
  ];
  await using servers = await NatsServers.start({
    lines: [
      `operator: ${tokens[0]}`,
      "resolver: MEMORY",
      `resolver_preload { ${systemkey}: ${tokens[1]}, ${key}: ${tokens[2]} }`,
    ],
  });
  const token = await encodeUser("U", user, account, {});
  const textOf = (pair: typeof user) =>
    new TextDecoder().decode(fmtCreds(token, pair));
  const copas = new Copas();
  await using cluster = await connect(servers.url, {
    ...{ copas, creds: textOf(user) },
  });
  await cluster.queue<string>({ name: "jobs" }).push("a", 5);
  await assertRejects(
    () => connect(servers.url, { copas, creds: textOf(createUser()) }),
    EngineError,
    "the login is refused",
  );
});

test("shutdown() lets a worker finish within the grace, and gives back what it cuts", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const jobs = cluster.queue<number>({ name: "jobs", lease: 30 });
  const seen: number[] = [];
  await copas.loop(async () => {
    let started = 0;
    for (let i = 0; i < 2; i++) {
      jobs.addworker(async (seconds) => {
        started++;
        await copas.pause(seconds);
        seen.push(seconds);
      });
    }
    await jobs.push(0.1);
    await jobs.push(60);
    while (started < 2) await copas.pause(0.01);
    copas.shutdown({ grace: 0.5 });
  });
  assertEquals(seen, [0.1]);
  assertEquals(await jobs.pop(5), 60);
});

test(
  "the connection is secured, and the server has to prove its name",
  async () => {
    const authority = await Authority.make();
    const { cert, key } = await authority.issue({
      ...{ cn: "nats", names: "IP:127.0.0.1", usage: "serverAuth" },
    });
    const folder = await Deno.makeTempDir({ prefix: "copas_nats_" });
    try {
      await Deno.writeTextFile(`${folder}/cert.pem`, cert);
      await Deno.writeTextFile(`${folder}/key.pem`, key);
      await using servers = await NatsServers.start({
        lines: [
          `tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem" }`,
        ],
      });
      const copas = new Copas();
      const url = servers.url.replace("nats:", "tls:");
      const sslparams = { caCerts: [authority.cert] };
      await using cluster = await connect(url, { copas, sslparams });
      await cluster.queue<number>({ name: "jobs" }).push(1);
      await assertRejects(() => connect(url, { copas }), Error, "certificate");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  !hasNats || !hasOpenssl,
);

test("wrong options are refused, and what they need is named", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const wrong: [() => unknown, string][] = [
    [() => cluster.queue({ name: "a b" }), "name must be"],
    [() => cluster.queue({ name: "a", lease: 0 }), "lease must be"],
    [() => cluster.queue({ name: "a", attempts: 3 }), "attempts needs dead"],
    [() => cluster.lock({ name: "a", x: 1 } as never), "no key x"],
    [() => cluster.subscribe("copas.queue.jobs"), "one that Copas"],
    [() => cluster.subscribe("a..b"), "words with dots"],
  ];
  for (const [call, message] of wrong) assertThrows(call, Error, message);
  await assertRejects(() => connect("http://x", { copas }), TypeError);
  await assertRejects(() => cluster.publish("a.*", ""), RangeError);
});

Deno.test("the queue and the lock of a dispatcher can stand for those of a cluster", () => {
  const copas = new Copas();
  const queue: JobQueue<string> = copas.queue.new<string>();
  const lock: SharedLock = copas.lock.new();
  assertEquals([typeof queue.push, typeof lock.hold], ["function", "function"]);
});

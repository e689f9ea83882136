// What the cluster promises when processes, servers and the network fail. All of
// them are real.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas, TimeoutError } from "../../mod.ts";
import { connect } from "../../src/cluster_nats/mod.ts";
import { Child } from "./fixtures/child.ts";
import { DroppingProxy } from "./fixtures/dropping_proxy.ts";
import { hasNats, NatsServers } from "./fixtures/nats_servers.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !hasNats, fn });
}

test("the job of a worker that is killed goes to another one when the lease is over", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const options = { name: "jobs", lease: 0.5 };
  const jobs = cluster.queue<number>(options);
  await using child = new Child({
    ...{ role: "worker", servers: servers.urls, ...options, seconds: 60 },
  });
  await jobs.push(7);
  assertEquals(await copas.wait(child.line("start")), "start 7 1");
  await copas.wait(child.kill());
  const seen: unknown[] = [];
  jobs.addworker((job, { attempt }) => seen.push([job, attempt]));
  await jobs.finish(10);
  assertEquals(seen, [[7, 2]]);
});

test("a server that is killed and started again has every job that it has confirmed, and calls wait for it", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const jobs = cluster.queue<number>({ name: "jobs", lease: 2 });
  const news = cluster.subscribe("news");
  for (let i = 0; i < 100; i++) await jobs.push(i);
  await copas.wait(servers.servers[0].kill());
  await assertRejects(
    () => jobs.push(100, { id: "late", timeout: 0.3 }),
    TimeoutError,
    "Cannot push to jobs",
  );
  const pushed = jobs.push(100, { id: "late" });
  const published = cluster.publish("news", "back");
  await copas.wait(servers.servers[0].start());
  await pushed;
  await published;
  assertEquals((await news.next(5)).value?.text, "back");
  assertEquals(cluster.status().reconnects > 0, true);
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) jobs.addworker((job) => void seen.push(job));
  await jobs.finish(20);
  assertEquals(
    seen.sort((a, b) => a - b),
    Array.from({ length: 101 }, (_, i) => i),
  );
  news.close();
});

test("a holder that is stopped for longer than its lease has lost the lock when it runs again, and the next token is larger", async () => {
  await using servers = await NatsServers.start();
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const options = { name: "lock", lease: 0.5 };
  await using child = new Child({
    ...{ role: "holder", servers: servers.urls, ...options, seconds: 60 },
  });
  const token = Number((await copas.wait(child.line("held"))).split(" ")[1]);
  child.signal("SIGSTOP");
  await using held = await cluster.lock(options).hold(10);
  assert(held.token > token, `${held.token} is not larger than ${token}`);
  child.signal("SIGCONT");
  await copas.wait(child.line("lost"));
});

test("in a partition the holder is told before another program has the lock", async () => {
  await using servers = await NatsServers.start();
  await using proxy = new DroppingProxy(servers.servers[0].port);
  const copas = new Copas();
  await using outside = await connect(proxy.url, {
    ...{ copas, timeout: 10, heartbeat: 0.5, connecttimeout: 0.5 },
  });
  await using inside = await connect(servers.url, { copas, timeout: 10 });
  const options = { name: "lock", lease: 1 };
  const old = await outside.lock(options).hold(5);
  let lostAt = Infinity;
  old.signal.addEventListener("abort", () => lostAt = performance.now());
  proxy.isDropping = true;
  await using held = await inside.lock(options).hold(10);
  const heldAt = performance.now();
  assert(lostAt <= heldAt, `told ${lostAt - heldAt} ms too late`);
  assert(held.token > old.token);
  // When the network is back the connection is made again.
  proxy.isDropping = false;
  await outside.queue<number>({ name: "jobs" }).push(1, 10);
});

test("a push waits while the server has no room, and goes on when it has", async () => {
  await using servers = await NatsServers.start({ maxFile: "1MB" });
  const copas = new Copas();
  await using cluster = await connect(servers.url, { copas, timeout: 10 });
  const jobs = cluster.queue<string>({ name: "jobs" });
  const job = "x".repeat(200_000);
  let count = 0;
  await assertRejects(async () => {
    for (; count < 20; count++) await jobs.push(job, 1);
  }, TimeoutError);
  assert(count > 0 && count < 9, `${count} jobs of 200 kB in 1 MB`);
  const pushed = jobs.push(job, 10);
  for (let i = 0; i < 2; i++) await jobs.pop(5);
  await pushed;
});

test("a key disappears with the process that had it", async () => {
  await using servers = await NatsServers.start();
  await using proxy = new DroppingProxy(servers.servers[0].port);
  const copas = new Copas();
  const outside = await connect(proxy.url, { copas, timeout: 10 });
  await using inside = await connect(servers.url, { copas, timeout: 10 });
  const options = { name: "names", lease: 0.5 };
  const mine = await outside.keys<string>(options).take("ann", "a");
  const names = inside.keys<string>(options);
  assertEquals(await names.get("ann"), "a");
  proxy.isDropping = true;
  while (await names.get("ann") !== undefined) await copas.pause(0.05);
  assertEquals((await names.take("ann", "b"))?.value, "b");
  await copas.pause(0);
  assertEquals(mine!.signal.aborted, true);
  await outside.close({ grace: 0 });
});

test("a program that the server cuts off because it does not read is connected again, and its subscriptions and jobs go on", async () => {
  await using servers = await NatsServers.start({
    lines: ["max_pending: 1MB", 'write_deadline: "1s"'],
  });
  await using proxy = new DroppingProxy(servers.servers[0].port);
  const copas = new Copas();
  await using slow = await connect(proxy.url, { copas, timeout: 10 });
  await using quick = await connect(servers.url, { copas, timeout: 10 });
  const options = { name: "jobs", lease: 2 };
  const seen: number[] = [];
  slow.queue<number>(options).addworker((job) => void seen.push(job));
  const jobs = quick.queue<number>(options);
  await jobs.push(1);
  while (seen.length === 0) await copas.pause(0.01);
  const news = slow.subscribe("news", { maxpending: 10_000 });
  // An answer comes after the server has the subscription.
  await slow.queue<number>(options).getsize(5);
  await quick.publish("news", "first");
  assertEquals((await news.next(5)).value?.text, "first");
  const stall = Promise.withResolvers<void>();
  proxy.stalled = stall.promise;
  // More than the system's buffers and the server's limit hold.
  const large = "x".repeat(100_000);
  for (let i = 0; i < 300; i++) await quick.publish("news", large);
  await jobs.push(2, 10);
  await copas.pause(1.2);
  stall.resolve();
  while (slow.status().reconnects === 0) await copas.pause(0.05);
  while (seen.length < 2) await copas.pause(0.05);
  assertEquals(seen, [1, 2]);
  while (true) {
    await quick.publish("news", "last");
    let text;
    while ((text = (await news.next(10)).value?.text) === large);
    if (text === "last") break;
  }
  news.close();
});

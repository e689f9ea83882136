// Jobs that survive their worker: start it twice, kill the one that works, and the other does its job.
//
// Run:  deno run --allow-net=127.0.0.1:4222 examples/cluster_jobs.ts
// Talk: it prints what it does, and its process number: kill -9 NUMBER in the middle of a job

import copas from "jsr:@copas/copas";
import { connect } from "jsr:@copas/copas/cluster/nats";

const [servers = "nats://127.0.0.1:4222", seconds = "2"] = Deno.args;
await using cluster = await connect(servers.split(","), { copas, timeout: 10 });

// A job belongs to its worker for two seconds, and again while it works. When the
// worker is killed it is renewed no more, and another one gets the job.
const jobs = cluster.queue<string>({
  name: "example_jobs",
  lease: 2,
  attempts: 5,
  dead: "example_jobs_dead",
});

// Step 1: both programs push the same jobs; by their ids each is stored once.
for (let i = 1; i <= 3; i++) await jobs.push(`job ${i}`, { id: `job ${i}` });
console.log(`Process ${Deno.pid}: the jobs are stored.`);

// Step 2: a worker does one after the other. The signal aborts when the lease is
// lost all the same, because the machine slept or the network was gone.
jobs.addworker(async (job, { attempt, signal }) => {
  console.log(`${job}, attempt ${attempt}: begins`);
  await copas.pause(Number(seconds), { signal });
  console.log(`${job}, attempt ${attempt}: done`);
});

// Step 3: when all are done, by either program, it ends.
copas.addthread(async () => {
  await jobs.finish(600);
  console.log("All jobs are done.");
});

await copas.loop();

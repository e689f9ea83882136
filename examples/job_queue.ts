// Job queue: three workers hash passwords, a thread hands them the work, and the end is a clean one.
//
// Run:  deno run examples/job_queue.ts
// Talk: it talks to itself, and ends when all is done

import copas from "jsr:@copas/copas";

interface Job {
  user: string;
  password: string;
}

const hashes = new Map<string, string>();

// Not more than four jobs wait: then `push` waits, too. However much work there
// is, it needs no memory before its time has come.
const jobs = copas.queue.new<Job>({ name: "jobs", maxsize: 4 });

async function hash({ user, password }: Job): Promise<void> {
  if (password === "") throw new Error(`${user} has no password`);
  const encoder = new TextEncoder();
  const key = await copas.wait(
    crypto.subtle.importKey("raw", encoder.encode(password), "PBKDF2", false, [
      "deriveBits",
    ]),
  );
  const bits = await copas.wait(
    crypto.subtle.deriveBits(
      {
        name: "PBKDF2",
        hash: "SHA-256",
        salt: encoder.encode(user),
        iterations: 100_000,
      },
      key,
      256,
    ),
  );
  hashes.set(user, new Uint8Array(bits).toHex());
  console.log(`${copas.getthreadname()} is done with ${user}`);
}

// A job that fails is reported, and its worker goes on with the next one.
copas.seterrorhandler((error, task) => {
  console.log(`${task.name} could not do it: ${(error as Error).message}`);
}, true);

for (let i = 0; i < 3; i++) jobs.addworker(hash);

copas.addthread(async () => {
  for (let i = 1; i <= 12; i++) {
    const password = i === 7 ? "" : `secret ${i}`;
    await jobs.push({ user: `user ${i}`, password });
  }
  // No more jobs; those that are there are done to their end.
  await jobs.finish(60);
  console.log(`${hashes.size} passwords hashed.`);
});

await copas.loop();

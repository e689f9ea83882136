// Own loop: a program that computes primes, and serves clients in between with `step`.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/own_loop.ts
// Talk: nc 127.0.0.1 8080 (every line is answered with how far it is; "stop" ends it)

import copas from "jsr:@copas/copas";

const primes: number[] = [];

const report = copas.handler(async (skt) => {
  for await (const line of skt) {
    if (line === "stop") return copas.removeserver(server);
    await skt.send(`${primes.length} primes, the last is ${primes.at(-1)}\n`);
  }
});

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, report, { name: "report" });

const { port } = server.addr;
console.log(`Computing. Ask on 127.0.0.1:${port}. Try: nc 127.0.0.1 ${port}`);

// In place of copas.loop(): until the server is removed and its clients have left.
for (let candidate = 2; !copas.finished();) {
  const end = performance.now() + 10;
  while (performance.now() < end) {
    if (isPrime(candidate)) primes.push(candidate);
    candidate++;
  }
  await copas.step(0); // runs what is ready, and does not wait for more
}
console.log(`Found ${primes.length} primes.`);

function isPrime(number: number): boolean {
  for (const prime of primes) {
    if (prime * prime > number) break;
    if (number % prime === 0) return false;
  }
  return true;
}

// Connecting out: ten threads ask a slow server at once, and all have their answer in a second.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/connect_out.ts
// Talk: it talks to itself, and ends when all is said

import copas from "jsr:@copas/copas";

// A server that takes a second for every answer. It stands for any other server
// on the network.
const slow = copas.handler(async (skt) => {
  for await (const line of skt) {
    await copas.pause(1);
    await skt.send(line.toUpperCase() + "\n");
  }
});

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, slow, { name: "slow" });
console.log(`Asking the server on 127.0.0.1:${server.addr.port} ten times.`);

let waiting = 10;

// A thread that connects out. It waits like any other, and delays no other.
async function ask(question: string): Promise<void> {
  try {
    const { port } = server.addr;
    using skt = await copas.socket.connect("127.0.0.1", port, { timeout: 5 });
    await skt.send(question + "\n");
    console.log(`${question}? ${await skt.receive("*l", { timeout: 5 })}!`);
  } finally {
    if (--waiting === 0) copas.removeserver(server);
  }
}

const began = performance.now();
for (let number = 1; number <= 10; number++) {
  copas.addthread(ask, `question ${number}`);
}
// Returns when nothing is left to do: no server, and no thread that waits.
await copas.loop();
const seconds = (performance.now() - began) / 1000;
console.log(`Ten answers, a second each: ${seconds.toFixed(1)} s in all.`);

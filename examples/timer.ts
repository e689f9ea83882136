// Timers: a server that reminds its clients of something, once or again and again.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/timer.ts
// Talk: nc 127.0.0.1 8080, and then: 3 the tea, or: every 5 sitting straight

import copas, { type Timer } from "jsr:@copas/copas";

const usage = "Tell me like this: 3 the tea, or: every 5 sitting straight\n";

const remind = copas.handler(async (skt) => {
  const timers = new Set<Timer>();
  await skt.send(usage);
  try {
    for await (const line of skt) {
      const [, every, seconds, what] =
        /^(every )?(\d{1,6}(?:\.\d+)?) (.+)$/.exec(line) ?? [];
      if (what === undefined) {
        await skt.send(usage);
        continue;
      }
      timers.add(copas.timer.new({
        delay: Number(seconds),
        recurring: every !== undefined,
        callback: async (timer) => {
          if (!timer.recurring) timers.delete(timer);
          // It may be this very moment that the client leaves.
          await skt.send(`Think of ${what}!\n`).catch(() => {});
        },
      }));
    }
  } finally {
    // The client has left: its reminders are of no use.
    for (const timer of timers) timer.cancel();
  }
});

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, remind, { name: "reminder" });

const { port } = server.addr;
console.log(`Reminders on 127.0.0.1:${port}. Try: nc 127.0.0.1 ${port}`);
await copas.loop();

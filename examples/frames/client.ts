// Frames, the client: asks ten questions at once over one connection, and gives each answer to its question.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/frames/client.ts
// Talk: it talks to examples/frames/server.ts, and ends

import copas, { type ResolvableFuture } from "jsr:@copas/copas";

const port = Number(Deno.args[0] ?? 8080);

await copas.loop(async () => {
  const asked = new Map<number, ResolvableFuture<number>>();
  await using skt = await copas.socket.connect("127.0.0.1", port, {
    timeout: 10,
  });

  // Answers come in any order.
  copas.addthread(async () => {
    for (let frame; (frame = await skt.receiveframe({ max: 65_536 }));) {
      const { id, sum } = JSON.parse(new TextDecoder().decode(frame));
      asked.get(id)?.resolve(sum);
      asked.delete(id);
    }
    const error = new Error("the server has gone");
    for (const future of asked.values()) future.reject(error);
  });

  async function ask(id: number, numbers: number[]): Promise<number> {
    const future = copas.future.new<number>();
    asked.set(id, future);
    await skt.sendframe(JSON.stringify({ id, numbers }));
    return await future.get(10);
  }

  // The longest question first: its answer comes last.
  const lengths = Array.from({ length: 10 }, (_, i) => 100 - 10 * i);
  const asking = lengths.map((length, id) =>
    copas.future.addthread(ask, id, new Array(length).fill(id))
  );
  for (const [id, future] of asking.entries()) {
    console.log(`${lengths[id]} times ${id} is ${await future.get()}.`);
  }
});

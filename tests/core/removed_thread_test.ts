// What a thread that was removed can still do while it cleans up.

import { assertEquals, assertRejects } from "@std/assert";
import { CancelledError, Copas } from "../../mod.ts";
import { VirtualClock } from "../../src/testing.ts";

Deno.test("a removed thread that sends more than the buffer takes gets an error, and the dispatcher goes on", async () => {
  const copas = new Copas({ clock: new VirtualClock() });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const [conn, peer] = await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
  using _peer = peer;
  const skt = copas.wrap(conn);
  const log: string[] = [];
  const task = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      await assertRejects(
        () => skt.send(new Uint8Array(10_000_000)),
        CancelledError,
        "the thread was removed",
      );
      log.push("cleaned up");
    }
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
    await copas.pause(1);
    log.push("went on");
  });
  await copas.loop();
  await skt.close();
  assertEquals(log, ["cleaned up", "went on"]);
});

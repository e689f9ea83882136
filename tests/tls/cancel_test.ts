/**
 * Handshakes that a thread gives up.
 *
 * @module
 */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { CancelledError, ClosedError } from "../../src/errors/errors.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { ask, tlsTest, World } from "../fixtures/tls_world.ts";

tlsTest("a handshake ends with its signal", async (pki) => {
  for (const own of [{}, pki.alice]) {
    const world = new World({ clock: new VirtualClock() });
    const port = world.servePlain(() => world.copas.pause(60));
    await world.run(async () => {
      const params = { ...pki.trust, ...own };
      const plain = await world.copas.socket.connect("127.0.0.1", port);
      for (const skt of [world.client(params), plain]) {
        const abort = new AbortController();
        const { signal } = abort;
        world.copas.addthread(async () => {
          await world.copas.pause(1);
          abort.abort(new Error("enough"));
        });
        const error = await assertRejects(
          () =>
            skt === plain
              ? skt.dohandshake(params, { signal })
              : skt.connect("localhost", port, { signal }),
          CancelledError,
        );
        assertEquals((error.cause as Error).message, "enough");
        await assertRejects(() => skt.send("x"), ClosedError);
      }
    });
    assertEquals(world.errors, []);
  }
});

tlsTest(
  "a handshake ends when its thread is removed, on either side",
  async (pki) => {
    const world = new World({ clock: new VirtualClock() });
    const { copas } = world;
    const tasks: ReturnType<typeof copas.addthread>[] = [];
    const port = world.servePlain(copas.handler(() => {}, pki.localhost));
    const silent = world.servePlain(() => copas.pause(60));
    let ends = 0;
    await world.run(async () => {
      for (const own of [{}, pki.alice]) {
        tasks.push(copas.addthread(async () => {
          const skt = world.client({ ...pki.trust, ...own });
          try {
            await skt.connect("localhost", silent);
          } catch (error) {
            assertInstanceOf(error, CancelledError);
            ends++;
          }
        }));
      }
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await copas.pause(1);
      for (const task of tasks) copas.removethread(task);
      copas.cancelall();
      assertEquals(await conn.read(new Uint8Array(1)), null);
      conn.close();
    });
    assertEquals(ends, 2);
    assertEquals(world.errors, []);
  },
);

tlsTest("a handshake ends when its socket is closed", async (pki) => {
  for (const own of [{}, pki.alice]) {
    const world = new World({ clock: new VirtualClock() });
    const port = world.servePlain(() => world.copas.pause(60));
    await world.run(async () => {
      const params = { ...pki.trust, ...own };
      const plain = await world.copas.socket.connect("127.0.0.1", port);
      for (const skt of [world.client(params), plain]) {
        world.copas.addthread(async () => {
          await world.copas.pause(1);
          await skt.close();
        });
        await assertRejects(
          () =>
            skt === plain
              ? skt.dohandshake(params)
              : skt.connect("localhost", port),
          ClosedError,
          "the socket was closed",
        );
      }
    });
    assertEquals(world.errors, []);
  }
});

tlsTest(
  "a client whose thread is gone before it connects leaves nothing open",
  async (pki) => {
    const world = new World({ clock: new VirtualClock() });
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const skt = world.client(pki.trust);
      const task = world.copas.addthread(() => skt.connect("localhost", port));
      world.copas.removethread(task);
      await world.copas.pause(1);
      await assertRejects(() => skt.send("x"), ClosedError, "not connected");
    });
  },
);

tlsTest(
  "two handshakes at once on one socket: the second is refused",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const skt = await world.copas.socket.connect("localhost", port);
      const first = skt.dohandshake(pki.trust);
      await assertRejects(
        () => skt.dohandshake(pki.trust),
        TypeError,
        "one is under way already",
      );
      assertEquals(await first, skt);
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
    });
  },
);

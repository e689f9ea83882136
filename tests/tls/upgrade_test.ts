/**
 * STARTTLS: a connection that speaks plain text first, and TLS from then on.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ClosedError, HandshakeError } from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import type { SslParams } from "../../src/tls/params.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { ask, clients, tlsTest, World } from "../fixtures/tls_world.ts";
import { readText, write } from "../fixtures/socket_pair.ts";

/** A server of a small protocol: STARTTLS, and echo. */
function starttls(world: World, sslparams: SslParams): number {
  const { copas } = world;
  return world.servePlain(copas.handler(async (skt: StreamSocket) => {
    await skt.send("220 hello\r\n");
    for await (const line of skt) {
      if (line !== "STARTTLS") {
        await skt.send(`250 ${line}\r\n`);
        continue;
      }
      await skt.send("220 go ahead\r\n");
      await skt.dohandshake(sslparams);
    }
  }));
}

tlsTest(
  "STARTTLS works on both sides, and what was sent before goes out before",
  async (pki) => {
    for (const [, own] of clients) {
      const world = new World();
      const port = starttls(world, pki.localhost);
      await world.run(async () => {
        const skt = await world.copas.socket.connect("localhost", port);
        assertEquals(await skt.receive(), "220 hello");
        assertEquals(await ask(skt, "plain"), "250 plain");
        await skt.send("STARTTLS\r\n");
        assertEquals(await skt.receive(), "220 go ahead");
        const [receivedBefore, sentBefore] = skt.getstats();
        assertEquals(await skt.dohandshake({ ...pki.trust, ...own(pki) }), skt);
        // The name is that of the host that was connected to.
        assertEquals(skt.getsniname(), "localhost");
        assertEquals(await ask(skt, "secret"), "250 secret");
        const [received, sent] = skt.getstats();
        assertEquals(sent, sentBefore + "secret\n".length);
        assertEquals(received, receivedBefore + "250 secret\r\n".length);
        await skt.close();
      });
      assertEquals(world.errors, []);
    }
  },
);

tlsTest(
  "the line before the handshake need not be flushed: it is sent first",
  async (pki) => {
    const world = new World();
    const port = starttls(world, pki.localhost);
    await world.run(async () => {
      const skt = await world.copas.socket.connect("localhost", port);
      await skt.receive();
      await skt.send("STARTTLS\r\n");
      // The answer is not awaited: the handshake can't begin before it was read.
      const error = await assertRejects(
        () => skt.dohandshake(pki.trust),
        HandshakeError,
      );
      assertStringIncludes(error.message, "the peer speaks no TLS");
      await world.reported(1);
    });
  },
);

tlsTest(
  "a command that comes ahead of the handshake is not obeyed after it, and ends the connection",
  async (pki) => {
    const world = new World();
    const port = starttls(world, pki.localhost);
    await world.run(async () => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await readText(conn, "220 hello\r\n".length);
      await write(conn, "STARTTLS\r\nMAIL FROM:<mallory>\r\n");
      const answer = await readText(conn);
      assert(!answer.includes("mallory"), answer);
      conn.close();
      await world.reported(1);
    });
    const [error] = world.errors;
    assertInstanceOf(error, HandshakeError);
    assertStringIncludes(
      error.message,
      "the peer sent 21 bytes of plain text before its handshake; they are dropped",
    );
  },
);

tlsTest(
  "a command that comes ahead in a packet of its own ends the handshake, too",
  async (pki) => {
    const world = new World();
    const port = starttls(world, pki.localhost);
    await world.run(async () => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await write(conn, "STARTTLS\r\n");
      assertStringIncludes(await readText(conn, 25), "220 go ahead");
      await write(conn, "MAIL FROM:<mallory>\r\n");
      const answer = await readText(conn);
      assert(!answer.includes("mallory"), answer);
      conn.close();
      await world.reported(1);
    });
    assertStringIncludes(world.errors[0].message, "the peer speaks no TLS");
  },
);

tlsTest(
  "an answer that comes ahead of the handshake is not taken for one inside TLS",
  async (pki) => {
    const world = new World();
    const port = world.servePlain(
      world.copas.handler(async (skt: StreamSocket) => {
        await skt.receive();
        await skt.send("220 go ahead\r\n250 I am the server, trust me\r\n");
        await skt.receive();
      }),
    );
    await world.run(async () => {
      const skt = await world.copas.socket.connect("localhost", port);
      await skt.send("STARTTLS\r\n");
      await skt.receive();
      await assertRejects(
        () => skt.dohandshake(pki.trust),
        HandshakeError,
        "the peer sent 31 bytes of plain text before its handshake",
      );
      assertEquals(skt.closed, true);
      await assertRejects(() => skt.receive(), ClosedError, "is closed");
    });
  },
);

tlsTest(
  "a receive that is under way keeps a handshake from beginning, also one that timed out",
  async (pki) => {
    const world = new World({ clock: new VirtualClock() });
    const port = starttls(world, pki.localhost);
    await world.run(async () => {
      for (const timeout of [1, Infinity]) {
        const skt = await world.copas.socket.connect("localhost", port);
        await skt.receive();
        const receiving = skt.receive("*l", { timeout }).catch((error) =>
          error
        );
        if (timeout === 1) assertEquals((await receiving).code, "timeout");
        await assertRejects(
          () => skt.dohandshake(pki.trust),
          HandshakeError,
          "a receive is under way on it",
        );
        assertEquals(skt.closed, true);
        if (timeout > 1) assertInstanceOf(await receiving, ClosedError);
      }
    });
  },
);

tlsTest(
  "nothing can be sent or received in plain text once the handshake has begun",
  async (pki) => {
    const world = new World();
    const heard: string[] = [];
    const port = world.servePlain(
      world.copas.handler(async (skt: StreamSocket) => {
        heard.push(await skt.receive() ?? "");
        await skt.send("go ahead\n");
        await skt.dohandshake(pki.localhost);
        heard.push(await skt.receive() ?? "");
      }),
    );
    await world.run(async () => {
      const skt = await world.copas.socket.connect("localhost", port);
      assertEquals(await ask(skt, "plain"), "go ahead");
      const secured = skt.dohandshake(pki.trust);
      const why = "its TLS handshake is under way";
      await assertRejects(() => skt.send("too early\n"), ClosedError, why);
      await assertRejects(() => skt.receive(), ClosedError, why);
      await secured;
      await skt.send("inside\n");
      assertEquals(await skt.receive(), null);
      await skt.close();
    });
    assertEquals(heard, ["plain", "inside"]);
  },
);

tlsTest(
  "a peer that reads nothing can't stop the clock of the handshake",
  async (pki) => {
    const world = new World({ clock: new VirtualClock() });
    const port = world.servePlain(() => world.copas.pause(600));
    await world.run(async () => {
      const skt = await world.copas.socket.connect("127.0.0.1", port);
      // More than the system takes: it can't be flushed.
      const much = new Uint8Array(16 * 1024 * 1024);
      const sending = skt.send(much).catch((error) => error);
      await assertRejects(
        () => skt.dohandshake(pki.trust, { timeout: 5 }),
        HandshakeError,
        "timed out after 5 s",
      );
      assertInstanceOf(await sending, ClosedError);
      assertEquals(Math.round(world.clock!.now()), 5);
    });
  },
);

tlsTest(
  "mode turns the sides around: the one that connected is the server",
  async (pki) => {
    const world = new World();
    const { copas } = world;
    const port = world.servePlain(copas.handler(async (skt: StreamSocket) => {
      const asks = { ...pki.trust, mode: "client" as const };
      await skt.dohandshake({ ...asks, servername: "localhost" });
      await skt.send("from the client of TLS\n");
    }));
    await world.run(async () => {
      const skt = await copas.socket.connect("127.0.0.1", port);
      await skt.dohandshake({ ...pki.localhost, mode: "server" });
      assertEquals(skt.getsniname(), "localhost");
      assertEquals(await skt.receive(), "from the client of TLS");
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "a socket with sslparams sends and receives nothing before its handshake",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const { copas } = world;
      const conn = await copas.wait(
        Deno.connect({ hostname: "127.0.0.1", port }),
      );
      const sslparams = { ...pki.trust, servername: "localhost" };
      const skt = copas.wrap(conn, { sslparams });
      const calls = [
        () => skt.send("secret\n"),
        () => skt.receive(),
        () => skt.receivepartial(1),
        () => skt.flush(),
      ];
      for (const call of calls) {
        await assertRejects(
          call,
          TypeError,
          "has sslparams, and its TLS handshake is not done: call dohandshake() first",
        );
      }
      await skt.dohandshake();
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "a socket that gets sslparams when it is connected sends nothing in plain text from then on",
  async (pki) => {
    const world = new World();
    const port = starttls(world, pki.localhost);
    await world.run(async () => {
      const { copas } = world;
      const skt = await copas.socket.connect("localhost", port);
      assertEquals(await skt.receive(), "220 hello");
      copas.wrap(skt, pki.trust);
      await assertRejects(() => skt.send("STARTTLS\r\n"), TypeError);
      copas.wrap(skt, { sslparams: pki.trust, starttls: true });
      assertEquals(await ask(skt, "STARTTLS"), "220 go ahead");
      await skt.dohandshake();
      assertEquals(await ask(skt, "secret"), "250 secret");
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "with starttls a socket connects in plain text, and dohandshake uses its sslparams",
  async (pki) => {
    const world = new World();
    const port = starttls(world, pki.localhost);
    await world.run(async () => {
      const skt = world.copas.socket.tcp({
        sslparams: pki.trust,
        starttls: true,
      });
      await skt.connect("localhost", port);
      assertEquals(await skt.receive(), "220 hello");
      assertEquals(await ask(skt, "STARTTLS"), "220 go ahead");
      await skt.dohandshake();
      assertEquals(await ask(skt, "secret"), "250 secret");
      assertEquals(skt.getalpn(), null);
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "closing a socket that waits for its handshake closes its connection",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const conn = await world.copas.wait(
        Deno.connect({ hostname: "127.0.0.1", port }),
      );
      const skt = world.copas.wrap(conn, { sslparams: pki.trust });
      await skt.close();
      await assertRejects(() => skt.send("x"), ClosedError);
    });
  },
);

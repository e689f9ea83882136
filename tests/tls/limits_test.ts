/**
 * Handshakes that do not come to an end, or not to a good one.
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
import { HandshakeError, TimeoutError } from "../../src/errors/errors.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import {
  ask,
  type Certificates,
  servers,
  tlsTest,
  World,
} from "../fixtures/tls_world.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { closeQuietly, readText, write } from "../fixtures/socket_pair.ts";

tlsTest(
  "a client that stays silent is closed after 10 seconds, and others are served meanwhile",
  async (pki) => {
    for (const kind of servers) {
      // The first answer of Deno.listenTls takes 42 ms (Nagle): that is no quiet.
      const clock = new VirtualClock({ quiet: 0.2 });
      const world = new World({ clock });
      const port = world[kind](pki.localhost);
      await world.run(async () => {
        const silent = await Deno.connect({ hostname: "127.0.0.1", port });
        const skt = await world.client(pki.trust).connect("localhost", port);
        assertEquals(await ask(skt, "hello"), "hello");
        assert(clock.now() < 10, `${clock.now()}`);
        await world.copas.pause(9);
        assertEquals(await ask(skt, "hello"), "hello");
        assertEquals(world.errors, []);
        await world.copas.pause(2);
        assertEquals(world.errors.length, 1);
        if (kind === "serve") {
          assertEquals(await silent.read(new Uint8Array(1)), null);
        }
        assertEquals(await ask(skt, "hello"), "hello");
        await skt.close();
        silent.close();
      });
      const [error] = world.errors;
      assertInstanceOf(error, HandshakeError);
      assertInstanceOf(error.cause, TimeoutError);
      assertStringIncludes(error.message, "timed out after 10 s");
    }
  },
);

tlsTest("the server's timeout limits the handshake, too", async (pki) => {
  for (const kind of servers) {
    const clock = new VirtualClock();
    const world = new World({ clock });
    const port = kind === "serve"
      ? world.serve(pki.localhost, undefined, { timeout: 3 })
      : world.serveDeno(pki.localhost, undefined, { server: { timeout: 3 } });
    await world.run(async () => {
      const silent = await Deno.connect({ hostname: "127.0.0.1", port });
      await world.reported(1);
      assertEquals(Math.round(clock.now()), 3);
      silent.close();
    });
    assertStringIncludes(world.errors[0].message, "timed out after 3 s");
  }
});

tlsTest(
  "Deno still holds a connection that was closed before its handshake: what Deno.listenTls lacks",
  async (pki) => {
    const world = new World({ clock: new VirtualClock() });
    const port = world.serveDeno(pki.localhost);
    await world.run(async () => {
      const silent = await Deno.connect({ hostname: "127.0.0.1", port });
      await world.reported(1);
      // Deno's TLS still answers.
      await write(silent, "no TLS, so it ends\r\n");
      assertEquals((await readText(silent)).slice(0, 2), "\x15\x03");
      silent.close();
    });
  },
);

/** What a peer does at last whose handshake has been given up. */
const acts: Record<
  string,
  (conn: Deno.Conn, pki: Certificates) => Promise<unknown>
> = {
  "leaves": (conn) => Promise.resolve(conn.close()),
  "sends what is no TLS": (conn) => write(conn, "no TLS\r\n"),
  "sends an alert": (conn) =>
    conn.write(new Uint8Array([21, 3, 3, 0, 2, 2, 40])),
  "does the handshake after all": async (conn, pki) => {
    const options = { hostname: "localhost", ...pki.trust };
    const late = await Deno.startTls(conn as Deno.TcpConn, options);
    assertEquals(await late.read(new Uint8Array(1)), null);
    late.close();
  },
};
for (const [how, act] of Object.entries(acts)) {
  tlsTest(
    `a handshake of Deno.listenTls that was given up counts as a connection until the peer ${how}`,
    async (pki) => {
      const clock = new VirtualClock({ quiet: 0.2 });
      const world = new World({ clock });
      const { copas } = world;
      const server = { timeout: 3, maxConnections: 2 };
      const port = world.serveDeno(pki.localhost, undefined, { server });
      const silent: Deno.Conn[] = [];
      await world.run(async () => {
        for (let i = 0; i < 2; i++) {
          silent.push(await Deno.connect({ hostname: "127.0.0.1", port }));
        }
        await world.reported(2);
        assertEquals(copas.status().threads, 1, "only this one");
        const skt = world.client(pki.trust);
        const waiting = skt.connect("localhost", port, { timeout: 100 });
        let isServed = false;
        waiting.then(() => isServed = true);
        await copas.pause(50);
        assertEquals(isServed, false);
        await copas.wait(act(silent[0], pki));
        await waiting;
        assertEquals(await ask(skt, "hello"), "hello");
        await skt.close();
      });
      assertEquals(world.errors.length, 2);
      silent.forEach(closeQuietly);
    },
  );
}

tlsTest(
  "where more connections are refused, a handshake of Deno.listenTls that was given up counts, too",
  async (pki) => {
    const world = new World({ clock: new VirtualClock({ quiet: 0.2 }) });
    const server = { timeout: 3, maxConnections: 1, overflow: "close" };
    const port = world.serveDeno(pki.localhost, undefined, { server });
    const silent = await Deno.connect({ hostname: "127.0.0.1", port });
    await world.run(async () => {
      await world.reported(1);
      const skt = world.client(pki.trust);
      // Deno may end the handshake before it closes the connection.
      const answer = await skt.connect("localhost", port, { timeout: 100 })
        .then(() => ask(skt, "hello")).catch(() => null);
      assertEquals(answer, null);
      skt.abort();
    });
    closeQuietly(silent);
  },
);

tlsTest(
  "handshakes that were given up don't keep the loop, nor the process, from ending",
  async (pki) => {
    for (const end of ["exit", "removeserver(listener)"]) {
      const { code, stdout, stderr } = await runScript(
        `import copas from "{mod}";
         const listener = Deno.listenTls({
           hostname: "127.0.0.1",
           port: 0,
           ...${JSON.stringify(pki.localhost)},
         });
         copas.seterrorhandler((error) => {
           console.log(error.code);
           copas.${end === "exit" ? "exit()" : end};
         }, true);
         copas.addserver(listener, () => {}, 0.01);
         const { port } = listener.addr;
         const peer = await Deno.connect({ hostname: "127.0.0.1", port });
         await copas.loop();
         console.log("over");
         // An accept of Deno.listenTls keeps the process alive, unref or not.
         copas.removeserver(listener);`,
        ["--allow-net"],
      );
      assertEquals([code, stdout, stderr], [0, "handshake\nover\n", ""]);
    }
  },
);

tlsTest(
  "a client that stops in the middle of its handshake is closed as well",
  async (pki) => {
    for (const kind of servers) {
      const world = new World({ clock: new VirtualClock() });
      const port = world[kind](pki.localhost);
      await world.run(async () => {
        const slow = await Deno.connect({ hostname: "127.0.0.1", port });
        // The beginning of a record that announces 512 bytes.
        await slow.write(new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1]));
        await world.reported(1);
        slow.close();
      });
      assertStringIncludes(world.errors[0].message, "timed out after 10 s");
    }
  },
);

tlsTest(
  "a client that leaves in the middle of its handshake is gone at once",
  async (pki) => {
    for (const kind of servers) {
      for (const bytes of [[], [22, 3, 1, 2, 0, 1, 0, 1]]) {
        const world = new World();
        const port = world[kind](pki.localhost);
        await world.run(async () => {
          const hasty = await Deno.connect({ hostname: "127.0.0.1", port });
          await hasty.write(new Uint8Array(bytes));
          hasty.close();
          await world.reported(1);
        });
        assertStringIncludes(
          world.errors[0].message,
          "the peer closed the connection during the handshake",
        );
      }
    }
  },
);

tlsTest(
  "200 clients that stay silent are all gone after their time, and no other client had to wait for them",
  async (pki) => {
    // It must not jump while the clients connect.
    const clock = new VirtualClock({ autojump: false });
    const world = new World({ clock });
    const port = world.serve(pki.localhost);
    const silent: Deno.Conn[] = [];
    await world.run(async () => {
      const { copas } = world;
      for (let i = 0; i < 200; i++) {
        silent.push(await Deno.connect({ hostname: "127.0.0.1", port }));
      }
      const skt = await world.client(pki.trust).connect("localhost", port);
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
      assertEquals(copas.status().threads > 200, true);
      await copas.wait(clock.advance(11));
      for (const conn of silent) {
        assertEquals(await copas.wait(conn.read(new Uint8Array(1))), null);
      }
      assertEquals(copas.status().threads, 1, "only this one");
    });
    silent.forEach(closeQuietly);
    assertEquals(world.errors.length, 200);
    assert(world.errors.every((error) => error.message.includes("10 s")));
  },
);

tlsTest(
  "plain text to a TLS port is told as what it is, to both sides",
  async (pki) => {
    for (const kind of servers) {
      const world = new World();
      let ran = 0;
      const port = world[kind](pki.localhost, () => ran++);
      await world.run(async () => {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port });
        await write(conn, "GET / HTTP/1.0\r\n\r\n");
        const answer = await readText(conn);
        // An alert of TLS: fatal.
        assertEquals(answer.slice(0, 6), "\x15\x03\x03\x00\x02\x02", kind);
        conn.close();
        await world.reported(1);
      });
      assertEquals(ran, 0);
      assertInstanceOf(world.errors[0], HandshakeError);
      assertStringIncludes(world.errors[0].message, "the peer speaks no TLS");
    }
  },
);

tlsTest(
  "TLS to a plain port is told as what it is, not as a hang",
  async (pki) => {
    for (const own of [{}, pki.alice]) {
      const world = new World();
      const port = world.servePlain(async (conn) => {
        await world.copas.send(conn, "220 hello, this is plain text\r\n");
        await world.copas.receive(conn);
      });
      await world.run(async () => {
        const skt = world.client({ ...pki.trust, ...own });
        const error = await assertRejects(
          () => skt.connect("localhost", port),
          HandshakeError,
        );
        assertStringIncludes(error.message, "the peer speaks no TLS");
      });
    }
  },
);

tlsTest(
  "a server that never answers ends with the client's connect timeout",
  async (pki) => {
    for (const own of [{}, pki.alice]) {
      // It must not jump before the handshake begins.
      const clock = new VirtualClock({ autojump: false });
      const world = new World({ clock });
      const { copas } = world;
      let heard = Promise.withResolvers<void>();
      const port = world.servePlain(async (conn) => {
        await copas.wait(conn.read(new Uint8Array(1)));
        heard.resolve();
        await copas.pause(60);
      });
      const fails = async (begin: () => Promise<unknown>, seconds: number) => {
        heard = Promise.withResolvers();
        const failing = assertRejects(
          begin,
          HandshakeError,
          `timed out after ${seconds} s`,
        );
        await copas.wait(heard.promise);
        await copas.wait(clock.advance(seconds));
        return await failing;
      };
      await world.run(async () => {
        const skt = world.client({ ...pki.trust, ...own });
        skt.settimeouts(5);
        const error = await fails(() => skt.connect("localhost", port), 5);
        assertInstanceOf(error.cause, TimeoutError);
        assertStringIncludes(
          error.message,
          `Cannot establish TLS with localhost:${port}: `,
        );
        // A call's own timeout comes before the socket's.
        await fails(() => skt.connect("localhost", port, { timeout: 2 }), 2);
        const plain = await copas.socket.connect("localhost", port);
        await fails(
          () => plain.dohandshake({ ...pki.trust, ...own }, { timeout: 1 }),
          1,
        );
        assertEquals(plain.closed, true);
        await copas.wait(clock.advance(60));
      });
    }
  },
);

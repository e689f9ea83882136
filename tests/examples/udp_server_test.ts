import { assertEquals, assertMatch } from "@std/assert";
import { hasNetcat, hasSocat, output, Program } from "./fixtures/program.ts";
import {
  type RunningExample,
  withExample,
} from "./fixtures/running_example.ts";

const name = "udp_server";
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n$/;

/** A client of the example, at an address of this machine. */
function client({ port }: RunningExample, hostname = "127.0.0.1") {
  const conn = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  return {
    send: (data: string | Uint8Array) =>
      conn.send(
        typeof data === "string" ? new TextEncoder().encode(data) : data,
        { transport: "udp", hostname: "127.0.0.1", port },
      ),
    receive: async () => (await conn.receive())[0],
    [Symbol.dispose]: () => conn.close(),
  };
}

Deno.test({
  name: `${name}: nc is told the time`,
  ignore: !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      // -W: ends after so many datagrams.
      const args = ["-u", "-W", "1", "127.0.0.1", `${port}`];
      assertMatch(await output("nc", args, "time\n"), iso);
      assertEquals(await output("nc", args, "hello\n"), "hello\n");
    }),
});

Deno.test({
  name: `${name}: socat gets its datagrams back`,
  ignore: !hasSocat,
  fn: () =>
    withExample(name, async ({ port }) => {
      await using socat = new Program("socat", ["-", `udp:127.0.0.1:${port}`]);
      await socat.say("one\n");
      assertEquals(await socat.hearLine(), "one");
      await socat.say("two\n");
      assertEquals(await socat.hearLine(), "two");
    }),
});

Deno.test(`${name}: any bytes come back, and no bytes at all`, () =>
  withExample(name, async (example) => {
    using skt = client(example);
    for (const length of [0, 1, 8192]) {
      const bytes = crypto.getRandomValues(new Uint8Array(length));
      await skt.send(bytes);
      assertEquals(await skt.receive(), bytes);
    }
  }));

Deno.test(`${name}: of a datagram that is too long comes back what fits`, () =>
  withExample(name, async (example) => {
    using skt = client(example);
    await skt.send(new Uint8Array(20_000));
    assertEquals((await skt.receive()).length, 8192);
  }));

Deno.test(`${name}: each client gets its own answers`, () =>
  withExample(name, async (example) => {
    using one = client(example);
    using two = client(example);
    await Promise.all([one.send("1"), two.send("2")]);
    assertEquals(await two.receive(), new TextEncoder().encode("2"));
    assertEquals(await one.receive(), new TextEncoder().encode("1"));
  }));

Deno.test({
  name:
    `${name}: a client that may not be answered does not end the server for the others`,
  // Elsewhere, 127.0.0.2 is no address of this machine.
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withExample(name, async (example) => {
      using forbidden = client(example, "127.0.0.2");
      await forbidden.send("hello");
      using allowed = client(example);
      await allowed.send("hello");
      assertEquals(await allowed.receive(), new TextEncoder().encode("hello"));
    }, { complaint: /^No answer for 127\.0\.0\.2:\d+: .*NotCapable/ }),
});

import { assertEquals } from "@std/assert";
import { Monologue } from "./fixtures/monologue.ts";
import { hasNetcat, hasRedisCli, output } from "./fixtures/program.ts";
import {
  type RunningExample,
  withExample,
} from "./fixtures/running_example.ts";

const name = "proxy";

/** Runs another example, and a proxy before it. */
function withProxy(
  target: string,
  talk: (proxy: RunningExample, target: RunningExample) => Promise<unknown>,
  complaint?: RegExp,
): Promise<void> {
  return withExample(
    target,
    (behind) =>
      withExample(name, (proxy) => talk(proxy, behind), {
        grants: { ":8080": ":0", ":6379": `:${behind.port}` },
        args: ["0", `${behind.port}`],
        complaint,
      }),
  );
}

Deno.test({
  name: `${name}: redis-cli talks to the key-value server through it`,
  ignore: !hasRedisCli,
  fn: () =>
    withProxy("key_value_server", async ({ port }) => {
      const args = ["-p", `${port}`];
      const heard = await output("redis-cli", args, "set k v\nget k\n");
      assertEquals(heard, "OK\nv\n");
    }),
});

Deno.test({
  name: `${name}: nc has its answers after it has said all`,
  ignore: !hasNetcat,
  fn: () =>
    withProxy("echo_server", async ({ port }) => {
      const args = ["-N", "127.0.0.1", `${port}`];
      assertEquals(await output("nc", args, "one\ntwo\n"), "one\ntwo\n");
    }),
});

Deno.test(`${name}: megabytes pass both ways at once, and unchanged`, () =>
  withProxy("echo_server", async (proxy) => {
    const client = await proxy.connect();
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}\n`)
      .join("");
    const heard = client.hearAll();
    await client.say(lines);
    await client.end();
    assertEquals(await heard === lines, true);
  }));

Deno.test(`${name}: a client that never reads holds up no other`, () =>
  withProxy("echo_server", async (proxy) => {
    const deaf = await proxy.connect();
    const speech = new Monologue(deaf);
    const other = await proxy.connect();
    for (let i = 0; i < 100; i++) {
      await other.say(`${i}\n`);
      assertEquals(await other.hearLine(), `${i}`);
    }
    // What the server does not take is not taken by the proxy either.
    assertEquals(speech.isOver, false);
    await deaf.hangUp();
    await speech.end;
    await other.say("still there\n");
    assertEquals(await other.hearLine(), "still there");
  }));

Deno.test(`${name}: when the server behind it hangs up, the client hears of it`, () =>
  withProxy("key_value_server", async (proxy) => {
    const client = await proxy.connect();
    await client.say("QUIT\r\n");
    assertEquals(await client.hearAll(), "+OK\r\n");
  }));

Deno.test(`${name}: when nothing listens behind it, one line says so`, () =>
  withProxy("echo_server", async (proxy, behind) => {
    await behind.stop();
    const client = await proxy.connect();
    assertEquals(await client.hearAll(), "");
  }, /^Cannot connect to 127\.0\.0\.1:\d+: connection refused; .*\n$/));

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { converse } from "./fixtures/connection.ts";
import {
  hasRedisBenchmark,
  hasRedisCli,
  hasRedisServer,
  output,
  Program,
} from "./fixtures/program.ts";
import {
  allBytes,
  command,
  dialogues,
  lastWords,
} from "./fixtures/redis_dialogues.ts";
import { withExample } from "./fixtures/running_example.ts";

const name = "key_value_server";

// --- With the programs of Redis ------------------------------------------------------

Deno.test({
  name: `${name}: redis-cli sets and gets`,
  ignore: !hasRedisCli,
  fn: () =>
    withExample(name, async ({ port }) => {
      const cli = (...args: string[]) =>
        output("redis-cli", ["-p", `${port}`, ...args]);
      assertEquals(await cli("ping"), "PONG\n");
      assertEquals(await cli("set", "greeting", "hello world"), "OK\n");
      assertEquals(await cli("get", "greeting"), "hello world\n");
      assertEquals(await cli("incr", "visits"), "1\n");
      assertEquals(await cli("exists", "greeting", "visits", "x"), "2\n");
      assertEquals(await cli("del", "greeting"), "1\n");
      assertEquals(await cli("get", "greeting"), "\n");
      assertStringIncludes(await cli("dance"), "ERR unknown command 'dance'");
    }),
});

Deno.test({
  name: `${name}: redis-cli in a terminal finds what it asks for at the start`,
  ignore: !hasRedisCli,
  fn: () =>
    withExample(name, async ({ port }) => {
      const input = 'set k "two words"\nget k\necho hello\n';
      const heard = await output("redis-cli", ["-p", `${port}`], input);
      assertEquals(heard, "OK\ntwo words\nhello\n");
    }),
});

Deno.test({
  name: `${name}: redis-cli --pipe sends ten thousand commands at once`,
  ignore: !hasRedisCli,
  fn: () =>
    withExample(name, async (example) => {
      const commands = Array.from({ length: 10_000 }, (_, i) =>
        command("SET", `${i}`, `${i}`))
        .join("");
      const args = ["-p", `${example.port}`, "--pipe"];
      const heard = await output("redis-cli", args, commands);
      assertStringIncludes(heard, "errors: 0, replies: 10000");
      const client = await example.connect();
      await client.say(command("GET", "9999"));
      assertEquals(await client.hearMany(10), "$4\r\n9999\r\n");
    }),
});

Deno.test({
  name: `${name}: redis-benchmark finds no fault`,
  ignore: !hasRedisBenchmark,
  fn: () =>
    withExample(name, async ({ port }) => {
      const common = ["-p", `${port}`, "-c", "50", "--csv"];
      for (const pipeline of ["1", "16"]) {
        const tests = "ping_inline,ping_mbulk,set,get,incr";
        const args = [...common, "-P", pipeline, "-n", "2000", "-t", tests];
        const table = await output("redis-benchmark", args);
        assertEquals(
          table.trimEnd().split("\n").slice(1).map((row) => row.split(",")[0]),
          ['"PING_INLINE"', '"PING_MBULK"', '"SET"', '"GET"', '"INCR"'],
        );
      }
    }),
});

// --- Word for word ---------------------------------------------------------------

/** Has all dialogues with whatever listens at an address. */
async function converseAboutAll(
  address: number | string,
  cut: (request: string) => string[],
): Promise<void> {
  const client = await converse(address, "bytes");
  try {
    for (const [title, request, answer] of dialogues) {
      for (const piece of cut(request)) await client.say(piece);
      assertEquals(await client.hearMany(answer.length), answer, title);
      // Some errors go on with what Redis has to say about them.
      if (!answer.endsWith("\r\n")) await client.hear("\r\n");
    }
  } finally {
    await client.hangUp();
  }
}

/** Has all dialogues after which it hangs up. */
async function provokeAll(address: number | string): Promise<void> {
  for (const [title, request, answer] of lastWords) {
    const client = await converse(address, "bytes");
    try {
      const isLong = request.length > 1000;
      // What it has not read when it hangs up would make it forget its answer.
      await client.say(isLong ? request : request + command("SET", "x", "y"));
      assertEquals(await client.hearAll(), answer, title);
    } finally {
      await client.hangUp();
    }
  }
  const client = await converse(address, "bytes");
  try {
    await client.say(command("GET", "x"));
    assertEquals(await client.hearMany(5), "$-1\r\n");
  } finally {
    await client.hangUp();
  }
}

Deno.test(`${name}: every request has the answer of Redis`, () =>
  withExample(name, async ({ port }) => {
    await converseAboutAll(port, (request) => [request]);
  }));

Deno.test(`${name}: a request that comes byte by byte has the same answer`, () =>
  withExample(name, async ({ port }) => {
    await converseAboutAll(port, (request) => request.split(""));
  }));

Deno.test(`${name}: all requests at once have all answers in their order`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    await client.say(dialogues.map(([, request]) => request).join(""));
    for (const [title, , answer] of dialogues) {
      assertEquals(await client.hearMany(answer.length), answer, title);
      if (!answer.endsWith("\r\n")) await client.hear("\r\n");
    }
  }));

Deno.test(`${name}: who breaks the protocol is told how, and hung up on`, () =>
  withExample(name, ({ port }) => provokeAll(port)));

Deno.test({
  name: `${name}: the answers expected here are those of a real Redis`,
  ignore: !hasRedisServer,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "copas_redis_" });
    const path = `${folder}/socket`;
    const redis = new Program("redis-server", [
      ...["--port", "0", "--unixsocket", path],
      ...["--save", "", "--appendonly", "no", "--dir", folder],
    ]);
    try {
      await redis.hear("The server is now ready to accept connections");
      await converseAboutAll(path, (request) => [request]);
      await provokeAll(path);
    } finally {
      await redis.hangUp();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

// --- Clients of all kinds --------------------------------------------------------------

Deno.test(`${name}: ten thousand commands at once`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    await client.say(command("INCR", "n").repeat(10_000));
    const answers = Array.from({ length: 10_000 }, (_, i) => `:${i + 1}\r\n`);
    const expected = answers.join("");
    assertEquals(await client.hearMany(expected.length), expected);
  }));

Deno.test(`${name}: values of any length come back`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    for (const length of [63, 64, 65, 65_535, 65_536, 65_537, 3_000_000]) {
      const value = allBytes.repeat(length / 256 + 1).slice(0, length);
      const answer = `+OK\r\n$${length}\r\n${value}\r\n`;
      await client.say(command("SET", "k", value) + command("GET", "k"));
      assert(await client.hearMany(answer.length) === answer, `${length}`);
    }
  }));

Deno.test(`${name}: a command has as many arguments as the client likes`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    const keys = Array.from({ length: 20_000 }, (_, i) => `key ${i}`);
    await client.say(
      command("SET", "key 7", "") + command("EXISTS", ...keys) +
        command("DEL", ...keys),
    );
    assertEquals(await client.hearMany(13), "+OK\r\n:1\r\n:1\r\n");
  }));

Deno.test(`${name}: a client that asks and never reads holds up no other`, () =>
  withExample(name, async (example) => {
    const deaf = await example.connect("bytes");
    const other = await example.connect("bytes");
    const set = command("SET", "large", "x".repeat(1024 * 1024));
    await other.say(set);
    assertEquals(await other.hearMany(5), "+OK\r\n");
    await deaf.say(command("GET", "large").repeat(1000));
    for (let i = 1; i <= 100; i++) {
      await other.say(command("INCR", "n"));
      assertEquals(await other.hearLine(), `:${i}`);
    }
    await deaf.hangUp();
    await other.say(command("PING"));
    assertEquals(await other.hearLine(), "+PONG");
  }));

Deno.test(`${name}: half a command is not obeyed, and disturbs no other client`, () =>
  withExample(name, async (example) => {
    const other = await example.connect("bytes");
    for (
      const half of [
        "*",
        "*3\r\n$3\r\nSET\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nval",
        "*2\r\n$3\r\nSET\r\n$1000000\r\nval",
        "SET k v",
      ]
    ) {
      const ending = await example.connect("bytes");
      await ending.say(half);
      await ending.end();
      assertEquals(await ending.hearAll(), "");
      const vanishing = await example.connect("bytes");
      await vanishing.say(half);
      await vanishing.hangUp();
      await other.say(command("GET", "k"));
      assertEquals(await other.hearLine(), "$-1");
    }
  }));

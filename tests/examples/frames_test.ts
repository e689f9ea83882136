import { assertEquals, assertMatch } from "@std/assert";
import { denoRun, flagsOf, withExample } from "./fixtures/running_example.ts";

const name = "frames/server";

function frame(text: string, length = text.length): string {
  const bytes = [24, 16, 8, 0].map((shift) => length >>> shift & 0xff);
  return String.fromCharCode(...bytes) + text;
}

Deno.test("frames/client asks frames/server ten questions, and gives each its answer", () =>
  withExample(name, async ({ port }) => {
    const flags = flagsOf("frames/client", { ":8080": `:${port}` });
    const file = "examples/frames/client.ts";
    const { stdout, code } = await denoRun([...flags, file], [`${port}`])
      .output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals([lines.length, code], [10, 0]);
    assertEquals(lines[0], "100 times 0 is 0.");
    assertEquals(lines[9], "10 times 9 is 90.");
  }));

Deno.test(`${name}: a short question that came later is answered first`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    const long = { id: 1, numbers: new Array(500).fill(1) };
    const short = { id: 2, numbers: [1, 2] };
    await client.say(frame(JSON.stringify(long)));
    await client.say(frame(JSON.stringify(short)));
    await client.end();
    assertEquals(
      await client.hearAll(),
      frame('{"id":2,"sum":3}') + frame('{"id":1,"sum":500}'),
    );
  }));

Deno.test(`${name}: a frame that is no question is told so, and the next one is answered`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    await client.say(frame("null"));
    await client.hear(frame('{"error":"not a question"}'));
    await client.say(frame('{"id":3,"numbers":[]}'));
    await client.hear(frame('{"id":3,"sum":0}'));
  }));

Deno.test(`${name}: a frame longer than it takes ends the connection, and no other`, () =>
  withExample(name, async (example) => {
    const bad = await example.connect("bytes");
    const good = await example.connect("bytes");
    await bad.say(frame("x", 0xffffffff));
    assertEquals(await bad.hearAll().catch(() => ""), "");
    await good.say(frame('{"id":3,"numbers":[4]}'));
    await good.hear(frame('{"id":3,"sum":4}'));
  }, { complaint: /4294967295|longer|too long/i }));

Deno.test(`${name}: SIGTERM ends it, with what is asked already answered`, () =>
  withExample(name, async (example) => {
    const client = await example.connect("bytes");
    const question = { id: 1, numbers: new Array(300).fill(1) };
    await client.say(frame('{"id":3,"numbers":[4]}'));
    await client.hear(frame('{"id":3,"sum":4}'));
    await client.say(frame(JSON.stringify(question)));
    await client.say(frame('{"id":4,"numbers":[]}'));
    await client.hear(frame('{"id":4,"sum":0}'));
    example.kill("SIGTERM");
    const all = await client.hearAll();
    assertMatch(all, /"id":1,"sum":300/);
    assertEquals((await example.outcome()).code, 0);
  }));

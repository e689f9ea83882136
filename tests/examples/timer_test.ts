import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasNetcat, Program } from "./fixtures/program.ts";
import { withExample } from "./fixtures/running_example.ts";

const name = "timer";

Deno.test({
  name: `${name}: nc is reminded`,
  ignore: !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      await using client = new Program("nc", ["127.0.0.1", `${port}`]);
      assertStringIncludes(await client.hearLine(), "Tell me like this");
      await client.say("0.01 the tea\n");
      assertEquals(await client.hearLine(), "Think of the tea!");
    }),
});

Deno.test(`${name}: reminders come when they are due, not in the order in which they were asked for`, () =>
  withExample(name, async (example) => {
    const client = await example.connect();
    await client.hearLine();
    await client.say("0.3 three\n0.2 two\n0.1 one\n0 none\n");
    for (const what of ["none", "one", "two", "three"]) {
      assertEquals(await client.hearLine(), `Think of ${what}!`);
    }
  }));

Deno.test(`${name}: what comes every time goes on beside the rest`, () =>
  withExample(name, async (example) => {
    const client = await example.connect();
    await client.hearLine();
    await client.say("every 0.01 breathing\n");
    for (let i = 0; i < 3; i++) {
      assertEquals(await client.hearLine(), "Think of breathing!");
    }
    await client.say("0 the tea\n");
    await client.hear("Think of the tea!\n");
    await client.hear("Think of breathing!\n");
  }));

Deno.test(`${name}: what it does not understand is answered with how to say it`, () =>
  withExample(name, async (example) => {
    const client = await example.connect();
    const usage = await client.hearLine();
    for (const line of ["", "tea", "-1 tea", "3", "1e9 tea", "9999999 tea"]) {
      await client.say(`${line}\n`);
      assertEquals(await client.hearLine(), usage, line);
    }
  }));

Deno.test(`${name}: clients who leave before they are reminded disturb no other client`, () =>
  withExample(name, async (example) => {
    const staying = await example.connect();
    await staying.hearLine();
    for (let i = 0; i < 30; i++) {
      const leaving = await example.connect();
      await leaving.hearLine();
      await leaving.say("every 0 leaving\n0.001 leaving\n0 leaving\n");
      await leaving.hearLine();
      await leaving.hangUp();
    }
    await staying.say("every 0 staying\n");
    for (let i = 0; i < 100; i++) {
      assertEquals(await staying.hearLine(), "Think of staying!");
    }
  }));

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Conversation } from "./fixtures/conversation.ts";
import { hasNetcat, output } from "./fixtures/program.ts";
import { withExample } from "./fixtures/running_example.ts";

const name = "own_loop";

/** Asks how many primes there are so far. */
async function ask(client: Conversation): Promise<number> {
  await client.say("?\n");
  const answer = await client.hearLine();
  assertMatch(answer, /^\d+ primes, the last is \d+$/);
  return parseInt(answer);
}

Deno.test({
  name: `${name}: nc is told how far it is`,
  ignore: !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      const heard = await output("nc", ["-N", "127.0.0.1", `${port}`], "\n");
      assertMatch(heard, /^\d+ primes, the last is \d+\n$/);
    }),
});

Deno.test(`${name}: it goes on computing while it serves clients`, () =>
  withExample(name, async (example) => {
    const one = await example.connect();
    const two = await example.connect();
    const before = await ask(one);
    while (await ask(two) === before);
    assert(await ask(one) > before);
  }));

Deno.test(`${name}: after "stop" it ends when the last client has left`, () =>
  withExample(name, async (example) => {
    const staying = await example.connect();
    await ask(staying);
    const stopping = await example.connect();
    await stopping.say("stop\n");
    assertEquals(await stopping.hearAll(), "");
    await ask(staying);
    await staying.hangUp();
    const { code, printed } = await example.outcome();
    assertEquals(code, 0);
    assertMatch(printed, /\nFound \d+ primes\.\n$/);
  }));

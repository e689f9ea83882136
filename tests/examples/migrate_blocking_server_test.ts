import { assertEquals, assertMatch } from "@std/assert";
import type { Conversation } from "./fixtures/conversation.ts";
import { hasNetcat, Program } from "./fixtures/program.ts";
import { withExample } from "./fixtures/running_example.ts";

const name = "migrate_blocking_server";
const greeting = "I think of a number from 1 to 100. Your guess?";
const right = /^Right! That was guess number [1-7]\.$/;

/** Always guesses what is in the middle. Gives what the server says at the end. */
async function play(player: Conversation): Promise<string> {
  let least = 1;
  let most = 100;
  for (;;) {
    const middle = Math.floor((least + most) / 2);
    await player.say(`${middle}\n`);
    const answer = await player.hearLine();
    if (answer === "Higher.") least = middle + 1;
    else if (answer === "Lower.") most = middle - 1;
    else return answer;
  }
}

Deno.test({
  name: `${name}: nc plays to the end`,
  ignore: !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      await using player = new Program("nc", ["127.0.0.1", `${port}`]);
      assertEquals(await player.hearLine(), greeting);
      assertMatch(await play(player), right);
      await player.end();
      assertEquals(await player.hearAll(), "");
    }),
});

Deno.test(`${name}: a player who thinks for long holds up no other`, () =>
  withExample(name, async (example) => {
    const slow = await example.connect();
    assertEquals(await slow.hearLine(), greeting);
    const quick = await example.connect();
    assertEquals(await quick.hearLine(), greeting);
    assertMatch(await play(quick), right);
    assertEquals(await quick.hearAll(), "");
    assertMatch(await play(slow), right);
  }));

Deno.test(`${name}: what is no number is no guess`, () =>
  withExample(name, async (example) => {
    const player = await example.connect();
    assertEquals(await player.hearLine(), greeting);
    await player.say("twelve\n\xff\n");
    assertEquals(await player.hearLine(), "That is no number.");
    assertEquals(await player.hearLine(), "That is no number.");
    assertMatch(await play(player), /^Right! That was guess number [3-9]\.$/);
  }));

Deno.test(`${name}: a player who leaves ends only that player's game`, () =>
  withExample(name, async (example) => {
    const leaving = await example.connect();
    assertEquals(await leaving.hearLine(), greeting);
    const staying = await example.connect();
    assertEquals(await staying.hearLine(), greeting);
    await leaving.say("5");
    await leaving.hangUp();
    const ending = await example.connect();
    await ending.end();
    assertEquals(await ending.hearAll(), greeting + "\n");
    assertMatch(await play(staying), right);
  }));

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Conversation } from "./fixtures/conversation.ts";
import { hasNetcat, Program } from "./fixtures/program.ts";
import {
  type RunningExample,
  withExample,
} from "./fixtures/running_example.ts";

const name = "chat_server";
const commands = "There are /who, /nick NAME and /quit.";

/** Tells a name, and is greeted. */
async function introduce(member: Conversation, called: string): Promise<void> {
  assertEquals(await member.hearLine(), "* What is your name?");
  await member.say(`${called}\n`);
  assertEquals(await member.hearLine(), `* Hello, ${called}. ${commands}`);
}

/** Lets a member join, and the others hear of it. */
async function join(
  example: RunningExample,
  called: string,
  ...others: Conversation[]
): Promise<Conversation> {
  const member = await example.connect();
  await introduce(member, called);
  for (const other of others) {
    assertEquals(await other.hearLine(), `* ${called} is here.`);
  }
  return member;
}

Deno.test({
  name: `${name}: two people with nc read what the other one says`,
  ignore: !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      await using ada = new Program("nc", ["127.0.0.1", `${port}`]);
      await introduce(ada, "Ada");
      await using grace = new Program("nc", ["127.0.0.1", `${port}`]);
      await introduce(grace, "Grace");
      assertEquals(await ada.hearLine(), "* Grace is here.");
      await ada.say("Hello, Grace.\n");
      assertEquals(await grace.hearLine(), "Ada: Hello, Grace.");
      await grace.say("Schön, dich zu sehen.\n");
      assertEquals(await ada.hearLine(), "Grace: Schön, dich zu sehen.");
      await grace.say("/quit\n");
      assertEquals(await ada.hearLine(), "* Grace has left.");
    }),
});

Deno.test(`${name}: /who, /nick and what is no command`, () =>
  withExample(name, async (example) => {
    const ada = await join(example, "Ada");
    const grace = await join(example, "Grace", ada);
    await grace.say("/who\n/nick Hopper\n/who\n/dance\n");
    assertEquals(await grace.hearLine(), "* Here are Ada, Grace.");
    assertEquals(await grace.hearLine(), "* You are now Hopper.");
    assertEquals(await grace.hearLine(), "* Here are Ada, Hopper.");
    assertEquals(await grace.hearLine(), `* ${commands}`);
    assertEquals(await ada.hearLine(), "* Grace is now Hopper.");
    await grace.say("me again\n");
    assertEquals(await ada.hearLine(), "Hopper: me again");
  }));

Deno.test(`${name}: a name is asked for until it is good`, () =>
  withExample(name, async (example) => {
    const ada = await join(example, "Ada");
    const other = await example.connect();
    assertEquals(await other.hearLine(), "* What is your name?");
    const bad = "* A name has 1 to 20 letters or digits. What is your name?";
    for (const called of ["", "two words", "x".repeat(21), "\x1b[2J"]) {
      await other.say(`${called}\n`);
      assertEquals(await other.hearLine(), bad);
    }
    await other.say("ADA\n");
    assertEquals(
      await other.hearLine(),
      "* Ada is here already. What is your name?",
    );
    await other.say("Märta\n");
    assertEquals(await other.hearLine(), `* Hello, Märta. ${commands}`);
    assertEquals(await ada.hearLine(), "* Märta is here.");
    await ada.say("/nick märta\n/nick\n");
    assertEquals(await ada.hearLine(), "* Märta is here already.");
    assertEquals(
      await ada.hearLine(),
      "* A name has 1 to 20 letters or digits.",
    );
  }));

Deno.test(`${name}: a client that leaves, in whichever way, leaves the others`, () =>
  withExample(name, async (example) => {
    const ada = await join(example, "Ada");
    const quitting = await join(example, "Quitting", ada);
    await quitting.say("/quit\nnobody reads this\n");
    assertEquals(await quitting.hearAll().catch(() => ""), "");
    assertEquals(await ada.hearLine(), "* Quitting has left.");
    const ending = await join(example, "Ending", ada);
    await ending.say("bye\n");
    await ending.end();
    assertEquals(await ending.hearAll(), "");
    assertEquals(await ada.hearLine(), "Ending: bye");
    assertEquals(await ada.hearLine(), "* Ending has left.");
    const vanishing = await join(example, "Vanishing", ada);
    await vanishing.say("half a li");
    await vanishing.hangUp();
    assertEquals(await ada.hearLine(), "* Vanishing has left.");
    const nameless = await example.connect();
    await nameless.hearLine();
    await nameless.hangUp();
    await ada.say("/who\n");
    assertEquals(await ada.hearLine(), "* Here are Ada.");
  }));

Deno.test(`${name}: no client controls the others' terminals`, () =>
  withExample(name, async (example) => {
    const ada = await join(example, "Ada");
    const rude = await join(example, "Rude", ada);
    await rude.say("\x1b[2Jbell\x07 \x9b31mred\n");
    assertEquals(await ada.hearLine(), "Rude: [2Jbell 31mred");
  }));

Deno.test(`${name}: a line that is too long ends the chat, with a word`, () =>
  withExample(name, async (example) => {
    const ada = await join(example, "Ada");
    const long = await join(example, "Long", ada);
    await long.say("x".repeat(1001));
    assertEquals(
      await long.hearLine(),
      "* That line was too long. Goodbye.",
    );
    assertEquals(await ada.hearLine(), "* Long has left.");
  }));

Deno.test(`${name}: a client that never reads holds up no other, and learns how much it missed`, () =>
  withExample(name, async (example) => {
    const ada = await join(example, "Ada");
    const deaf = await join(example, "Deaf", ada);
    const grace = await join(example, "Grace", ada, deaf);
    // More than the system keeps for one connection, a hundred lines at a time:
    // as Grace reads them all, she misses none.
    const total = 20_000;
    const line = (number: number) => `${number} ${"x".repeat(900)}`;
    for (let said = 0; said < total; said += 100) {
      const lines = Array.from({ length: 100 }, (_, i) => line(said + i));
      await ada.say(lines.map((line) => line + "\n").join(""));
      for (const line of lines) {
        assertEquals(await grace.hearLine(), `Ada: ${line}`);
      }
    }
    let read = 0;
    let missed = 0;
    while (missed === 0) {
      const heard = await deaf.hearLine();
      if (heard.startsWith("Ada: ")) {
        assertEquals(heard, `Ada: ${line(read++)}`);
      } else {
        assertMatch(heard, /^\* You missed \d+ lines\.$/);
        missed = parseInt(heard.slice("* You missed ".length));
      }
    }
    assert(read > 100);
    assertEquals(read + missed, total);
    await ada.say("Can you hear me?\n");
    assertEquals(await deaf.hearLine(), "Ada: Can you hear me?");
  }));

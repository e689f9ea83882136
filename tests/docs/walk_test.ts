// What a new user does: copies programs and commands out of the README and the
// tutorial into a fresh folder, and finds that they work.

import { assertEquals, assertMatch } from "@std/assert";
import { deadline } from "@std/async";
import { hasOpenssl } from "../fixtures/certificates.ts";
import { hasNetcat } from "../examples/fixtures/program.ts";
import { converse } from "../examples/fixtures/connection.ts";
import { Instructions, Walk } from "./fixtures/walk.ts";

/** No walk takes as long, in milliseconds, unless it hangs. */
const PATIENCE = 60_000;

const readme = await Instructions.of("README.md");
const tutorial = await Instructions.of("docs/guide/tutorial.md");

/** A folder in which the tutorial has been followed up to its step `last`. */
async function walkTo(last: number): Promise<Walk> {
  const walk = await Walk.begin();
  await walk.run(tutorial.command("deno init"));
  await walk.link();
  for (const [name, text] of tutorial.files) {
    if (Number.parseInt(name) <= last) await walk.save(name, text);
  }
  return walk;
}

/** The command in the first comment of a step's file, in the user's folder. */
function runLine(step: string): string {
  const command = tutorial.part(step).command("// Run:");
  return command.replace("// Run:", "").replace("examples/guide/", "").trim();
}

function testWalk(
  name: string,
  fn: () => Promise<void>,
  ignore = false,
): void {
  // The commands of the pages are for a POSIX shell.
  const noShell = Deno.build.os === "windows";
  Deno.test({
    name,
    ignore: ignore || noShell,
    fn: () => deadline(fn(), PATIENCE),
  });
}

testWalk(
  "the README's server runs with the README's flags, and ends at SIGTERM",
  async () => {
    await using walk = await Walk.begin();
    await walk.link();
    await walk.save("echo.ts", readme.program);
    await using server = await walk.serve(readme.command("deno run"), true);
    const client = await converse(walk.port);
    await client.say("hello\n");
    assertEquals(await client.hearLine(), "hello");
    await client.hangUp();
    const { code, printed } = await server.terminate();
    assertEquals({ code, printed }, { code: 0, printed: "" });
  },
);

testWalk("step 1 of the tutorial runs, and nc talks to it", async () => {
  await using walk = await walkTo(1);
  const step = tutorial.part("1.");
  await using _server = await walk.serve(step.command("deno run"));
  await using client = walk.connect(step.command("nc"));
  await client.say("hello\n");
  assertEquals(await client.hearLine(), "hello");
}, !hasNetcat);

testWalk("step 2 of the tutorial: all clients read what one says", async () => {
  await using walk = await walkTo(2);
  await using _server = await walk.serve(runLine("2."));
  const ada = await converse(walk.port);
  const grace = await converse(walk.port);
  await grace.say("first\n");
  assertEquals(await grace.hearLine(), "first");
  await ada.say("hello\n");
  while (await ada.hearLine() !== "hello");
  assertEquals(await grace.hearLine(), "hello");
  await ada.hangUp();
  await grace.hangUp();
});

for (const step of [3, 4, 5]) {
  testWalk(
    `step ${step} of the tutorial: members with names talk`,
    async () => {
      await using walk = await walkTo(step);
      await using _server = await walk.serve(runLine(`${step}.`));
      const ada = await converse(walk.port);
      assertEquals(await ada.hearLine(), "Your name?");
      await ada.say("ada\n");
      assertEquals(await ada.hearLine(), "* ada is here");
      const grace = await converse(walk.port);
      await grace.say("ada\ngrace\nhello\n");
      assertEquals(await grace.hearLine(), "Your name?");
      assertEquals(await grace.hearLine(), "Your name?");
      assertEquals(await ada.hearLine(), "* grace is here");
      assertEquals(await ada.hearLine(), "grace: hello");
      await grace.hangUp();
      assertEquals(await ada.hearLine(), "* grace has left");
      await ada.hangUp();
    },
  );
}

testWalk("step 6 of the tutorial: its test passes", async () => {
  await using walk = await walkTo(6);
  const step = tutorial.part("6.");
  assertEquals(step.command("deno add"), "deno add jsr:@std/assert");
  await walk.addAssert();
  const printed = await walk.run(step.command("deno test"));
  assertMatch(printed, /2 passed \| 0 failed/);
});

testWalk(
  "step 7 of the tutorial: its certificate and its client work",
  async () => {
    await using walk = await walkTo(7);
    const step = tutorial.part("7.");
    await walk.run(step.command("openssl req"));
    await using _server = await walk.serve(step.command("deno run"));
    await using client = walk.connect(step.command("openssl s_client"));
    assertEquals(await client.hearLine(), "Your name?");
    await client.say("ada\n");
    assertEquals(await client.hearLine(), "* ada is here");
  },
  !hasOpenssl,
);

testWalk(
  "step 8 of the tutorial: SIGTERM ends it, with a word to its clients",
  async () => {
    await using walk = await walkTo(8);
    const step = tutorial.part("7.");
    await walk.run(step.command("openssl req"));
    const command = tutorial.part("8.").command("deno run");
    await using server = await walk.serve(command);
    await using client = walk.connect(step.command("openssl s_client"));
    assertEquals(await client.hearLine(), "Your name?");
    await client.say("ada\n");
    assertEquals(await client.hearLine(), "* ada is here");
    const end = server.terminate();
    assertEquals(await client.hearLine(), "* The server ends. Goodbye.");
    const { code, printed } = await end;
    assertEquals(code, 0);
    assertMatch(printed, /^Listening on .*\n$/);
  },
  !hasOpenssl,
);

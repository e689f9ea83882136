import { assertEquals, assertMatch } from "@std/assert";
import { runWorkers } from "../fixtures/worker_script.ts";

const handler = new URL("../fixtures/worker_handler.ts", import.meta.url);

Deno.test("a crash loses only the worker's own connections, and the worker is replaced", async () => {
  const [report, ...lines] = await runWorkers(
    handler,
    `
    const workers = start({ count: 2 });
    const loop = copas.loop();
    await workers.ready;
    const victim = await open(workers);
    const lost = await victim.ask("who");
    const other = await until(async () => {
      const other = await open(workers);
      if (await other.ask("who") !== lost) return other;
      other[Symbol.dispose]();
    });
    const before = await other.ask("who");
    if (await victim.ask("crash").catch(() => "") !== "") throw new Error();
    await until(async () => {
      const who = await ask(workers, "who").catch(() => before);
      return ["", lost, before].includes(who) ? undefined : who;
    });
    console.log(await other.ask("echo still here"));
    console.log(await other.ask("who") === before);
    console.log((await workers.status()).map(({ crashes }) => crashes)
      .sort().join(" "));
    for (const each of [victim, other]) each[Symbol.dispose]();
    await workers.stop();
    await loop;
    console.log(copas.status().threads);`,
  );
  assertMatch(report, /^test: worker \d crashed: .*crashed as told/);
  assertEquals(lines, ["still here", "true", "0 1", "0"]);
});

Deno.test("a restart with a module that can't be loaded fails, and the old worker stays", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/handler.js`;
    await Deno.writeTextFile(
      file,
      `export default async (skt) => await skt.send("first\\n");`,
    );
    const lines = await runWorkers(
      new URL(`file://${file}`),
      `
      const workers = start();
      const loop = copas.loop();
      await workers.ready;
      await Deno.writeTextFile("${file}", "not a module");
      console.log(await workers.restart().then(() => "restarted", () => "failed"));
      console.log(await ask(workers, ""));
      console.log((await workers.status())[0].served);
      await workers.stop();
      await loop;`,
    );
    assertEquals(lines.slice(-3), ["failed", "first", "1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a worker keeps to the limits of its server's options", async () => {
  const lines = await runWorkers(
    handler,
    `
    const workers = start({ maxline: 20 });
    const loop = copas.loop();
    await workers.ready;
    console.log(await ask(workers, "echo short"));
    console.log(await ask(workers, "echo " + "x".repeat(40)) === "");
    await workers.stop();
    await loop;`,
  );
  assertEquals(lines, ["short", "true"]);
});

Deno.test("while workers are restarted, what they have taken is answered, and hardly a connection is reset before that", async () => {
  const lines = await runWorkers(
    handler,
    `
    const workers = start({ count: 2 });
    const loop = copas.loop();
    await workers.ready;
    let isDone = false;
    const seen = new Set();
    let [answered, reset] = [0, 0];
    const client = async () => {
      while (!isDone) {
        using client = await open(workers);
        let who;
        try {
          who = await client.ask("who");
        } catch (error) {
          // It waited at a listener that was closed.
          if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
          reset++;
          continue;
        }
        if (who === "") throw new Error("no answer");
        seen.add(who);
        if (await client.ask("echo again") !== "again") throw new Error("lost");
        answered++;
      }
    };
    const clients = Array.from({ length: 4 }, client);
    for (let i = 0; i < 2; i++) await workers.restart();
    isDone = true;
    await Promise.all(clients);
    console.log(seen.size > 2, answered > 20 * reset || [answered, reset]);
    await workers.stop();
    await loop;`,
  );
  assertEquals(lines, ["true true"]);
});

Deno.test("workers that can't be started are reported once, by the name of the worker", async () => {
  const reports = await runWorkers(
    new URL("data:text/javascript,export const no = 1"),
    `
    const workers = start();
    console.log(await workers.ready.then(() => "ready", () => "failed"));
    await copas.loop();`,
    1,
  );
  assertEquals(reports.length, 2, reports.join("\n"));
  assertMatch(reports[0], /^test: worker 1 crashed: .*default export/);
  assertEquals(reports[1], "failed");
});

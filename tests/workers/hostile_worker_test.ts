import { assertEquals, assertMatch } from "@std/assert";
import { runWorkers } from "../fixtures/worker_script.ts";

const handler = new URL("../fixtures/hostile_handler.ts", import.meta.url);

const run = (script: string, exitCode?: number) =>
  runWorkers(handler, script, exitCode);

Deno.test("nothing that a handler's code posts to the main thread has any effect", async () => {
  const lines = await run(`
    const workers = start({ permissions: { net: [] } });
    const loop = copas.loop();
    await workers.ready;
    const { port } = workers.addr;
    console.log(await ask(workers, "post 127.0.0.1:9"));
    await workers.status();
    console.log(workers.addr.port === port);
    await workers.restart();
    console.log(await ask(workers, "state 127.0.0.1:9"));
    console.log(await ask(workers, "state 127.0.0.1:" + port));
    const [{ state, crashes, served }] = await workers.status();
    console.log(state, crashes, served);
    await workers.stop();
    await loop;`);
  assertEquals(lines, [
    "prompt",
    "true",
    "prompt",
    "granted",
    "listening 0 2",
  ]);
});

Deno.test("a handler's code that replaces globals and methods never sees the control channel", async () => {
  const lines = await run(`
    const workers = start({ heartbeat: 0.4 });
    const loop = copas.loop();
    await workers.ready;
    await workers.status();
    await until(async () => {
      const [{ served }] = await workers.status();
      return served >= 20 ? served : void await ask(workers, "see");
    });
    console.log("seen:" + await ask(workers, "see"));
    await workers.stop();
    await loop;`);
  assertEquals(lines, ["seen:"]);
});

Deno.test("a worker that closed itself is replaced, though its code has silenced the global channel", async () => {
  const [report, ...lines] = await run(`
    const workers = start();
    const loop = copas.loop();
    await workers.ready;
    await ask(workers, "close").catch(() => {});
    await until(async () =>
      (await workers.status())[0].crashes === 1 ? true : undefined);
    console.log(await until(() =>
      ask(workers, "state 127.0.0.1:9").catch(() => undefined)));
    await workers.stop();
    await loop;`);
  assertEquals(report, "test: worker 1 crashed: it ended itself");
  assertEquals(lines, ["granted"]);
});

Deno.test("a worker that spins is reported and replaced; status() answers meanwhile, and tells what remains", async () => {
  const [silent, report, ...lines] = await run(`
    const workers = start({ heartbeat: 2 });
    const loop = copas.loop();
    await workers.ready;
    await ask(workers, "spin");
    console.log(await until(async () => {
      const [{ state, served }] = await workers.status();
      return state === "silent" ? state + " " + served : undefined;
    }));
    const [{ crashes, abandoned }] = await until(async () => {
      const status = await workers.status();
      return status[0].state === "listening" && status[0].crashes > 0
        ? status : undefined;
    });
    console.log(crashes, abandoned);
    // The old thread still takes its share: those connections get no answer.
    const asked = Array.from({ length: 40 }, () =>
      ask(workers, "state 127.0.0.1:9").catch(() => "none"));
    console.log(await Promise.any(asked));
    await workers.stop();
    await loop;
    Deno.exit();`);
  assertEquals(silent, "silent undefined");
  assertMatch(
    report,
    /^test: worker 1 crashed: it did not answer for 2 seconds: .*until this process ends$/,
  );
  assertEquals(lines, ["1 1", "granted"]);
});

Deno.test("a handler's module that spins when it is loaded fails the workers", async () => {
  const lines = await run(
    `
    const spins = new URL("data:text/javascript,for (;;);");
    const workers = copas.addworkers(spins, {
      hostname: "127.0.0.1", port: 0, count: 1, heartbeat: 0.4,
    });
    const loop = copas.loop();
    console.log(await workers.ready.catch((error) => error.message));
    await loop;
    Deno.exit();`,
    1,
  );
  const why =
    "it did not answer for 0.4 seconds: its thread is busy, or has ended itself";
  assertEquals(lines.includes(why), true, lines.join("\n"));
});

Deno.test("a module that takes its time to load is no silent one", async () => {
  const lines = await run(`
    const slow = new URL("data:text/javascript," + encodeURIComponent(
      "await new Promise((resolve) => setTimeout(resolve, 1000));" +
      "export default () => {};"));
    const workers = copas.addworkers(slow, {
      hostname: "127.0.0.1", port: 0, count: 1, heartbeat: 0.4,
    });
    const loop = copas.loop();
    console.log(await workers.ready.then(() => "ready"));
    await workers.stop();
    await loop;`);
  assertEquals(lines, ["ready"]);
});

Deno.test("exit() stops the workers, and the loop ends", async () => {
  const lines = await run(`
    const workers = start();
    const loop = copas.loop();
    await workers.ready;
    copas.exit();
    await loop;
    console.log((await workers.status())[0].state, copas.status().threads);`);
  assertEquals(lines, ["stopped 0"]);
});

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
    const gate = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    // It is loaded when as many pings as would end a silent one have been sent.
    let pings = 0;
    const { postMessage } = MessagePort.prototype;
    const sent = Promise.withResolvers();
    MessagePort.prototype.postMessage = function (message, ...more) {
      if (message?.kind === "ping" && ++pings === 8) sent.resolve();
      return postMessage.call(this, message, ...more);
    };
    gate.accept().then((conn) => sent.promise.then(() => conn.close()));
    const slow = new URL("data:text/javascript," + encodeURIComponent(
      "const gate = await Deno.connect({ hostname: '127.0.0.1', port: " +
      gate.addr.port + " });" +
      "await gate.read(new Uint8Array(1)); gate.close();" +
      "export default () => {};"));
    const workers = copas.addworkers(slow, {
      hostname: "127.0.0.1", port: 0, count: 1, heartbeat: 0.4,
    });
    const loop = copas.loop();
    console.log(await workers.ready.then(() => "ready"));
    gate.close();
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

Deno.test("a handler's module that never gets to its end fails the workers", async () => {
  const lines = await run(
    `
    const waits = new URL("data:text/javascript,await new Promise(() => {})");
    const workers = copas.addworkers(waits, {
      hostname: "127.0.0.1", port: 0, count: 1, starttimeout: 0.4,
    });
    const loop = copas.loop();
    console.log(await workers.ready.catch((error) => error.message));
    await loop;`,
    1,
  );
  const why = "it did not listen within 0.4 seconds";
  assertEquals(lines.includes(why), true, lines.join("\n"));
});

for (
  const [what, code, why] of [
    ["is no module", "not a module(", /SyntaxError/],
    ["throws when it is loaded", "throw new Error('mine')", /mine/],
    ["throws null", "throw null", /null/],
    ["closes its worker", "self.close()", /it ended itself/],
    ["exits", "Deno.exit(0)", /it ended itself/],
    ["exports no handler", "export const a = 1", /default export/],
  ] as const
) {
  Deno.test(`a handler's module that ${what} fails the workers, with the reason`, async () => {
    const lines = await run(
      `
      const url = "data:text/javascript," + encodeURIComponent(${
        JSON.stringify(code)
      });
      const workers = copas.addworkers(new URL(url), {
        hostname: "127.0.0.1", port: 0, count: 1,
      });
      const loop = copas.loop();
      const why = await workers.ready.catch((error) => error.message);
      await loop;
      console.log(why.replaceAll("\\n", " "));`,
      1,
    );
    assertMatch(lines.at(-1)!, why);
  });
}

Deno.test("workers that are stopped while they start have not failed", async () => {
  for (const end of ["await workers.stop()", "copas.exit()"]) {
    const lines = await run(`
      const workers = start();
      const loop = copas.loop();
      ${end};
      await loop;
      console.log(await workers.ready.catch((error) => error.message));`);
    assertEquals(lines, ["it was stopped"]);
  }
});

Deno.test("a second set of workers does not get the port of the first one, until that is stopped", async () => {
  const lines = await run(`
    const first = start();
    const loop = copas.loop();
    await first.ready;
    const { port } = first.addr;
    try { start({ port }); } catch (error) { console.log(error.name); }
    await first.stop();
    const second = start({ port });
    await second.ready;
    console.log(await ask(second, "state 127.0.0.1:9"));
    await second.stop();
    await loop;`);
  assertEquals(lines, ["AddrInUse", "granted"]);
});

Deno.test("restarts one after the other and at once leave the same number of workers; after the end there is none", async () => {
  const lines = await run(`
    const workers = start({ count: 2 });
    const loop = copas.loop();
    await workers.ready;
    for (let i = 0; i < 3; i++) await workers.restart();
    await Promise.all([workers.restart(), workers.restart()]);
    console.log((await workers.status()).map(({ state }) => state).join());
    await workers.stop();
    await loop;
    console.log(await workers.restart().catch((error) => error.message));`);
  assertEquals(lines, [
    "listening,listening",
    "test: restart(): the workers are stopped",
  ]);
});

Deno.test("what can't be copied is not posted", async () => {
  const lines = await run(`
    const workers = start();
    const loop = copas.loop();
    await workers.ready;
    for (const value of [() => {}, Symbol("x"), new Promise(() => {})]) {
      console.log(await workers.post(value).catch((error) => error.name));
    }
    await workers.stop();
    await loop;`);
  assertEquals(lines, ["DataCloneError", "DataCloneError", "DataCloneError"]);
});

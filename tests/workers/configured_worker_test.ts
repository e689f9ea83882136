import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Copas,
  TimeoutError,
  type Workers,
  type WorkersOptions,
} from "../../mod.ts";
import { Authority, hasOpenssl } from "../fixtures/certificates.ts";
import { runWorkers } from "../fixtures/worker_script.ts";

const configured = new URL(
  "../fixtures/configured_handler.ts",
  import.meta.url,
);
const plain = new URL("../fixtures/worker_handler.ts", import.meta.url);

/** Runs `body` with workers that are stopped at its end. */
async function withWorkers(
  module: URL,
  options: Partial<WorkersOptions>,
  body: (workers: Workers) => Promise<void>,
): Promise<void> {
  const copas = new Copas();
  copas.seterrorhandler(() => {}, true);
  const workers = copas.addworkers(module, {
    hostname: "127.0.0.1",
    port: 0,
    count: 1,
    ...options,
  });
  const loop = copas.loop();
  try {
    await body(workers);
  } finally {
    await workers.stop();
    await loop;
  }
}

async function ask(conn: Deno.Conn, line: string): Promise<string> {
  await conn.write(new TextEncoder().encode(`${line}\n`));
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0)).trim();
}

async function askOnce({ addr }: Workers, line: string): Promise<string> {
  using conn = await Deno.connect({
    hostname: addr.hostname,
    port: addr.port,
  });
  return await ask(conn, line);
}

Deno.test("a posted value gets to every worker, and to one that is started later before it listens", async () => {
  await withWorkers(configured, { count: 2 }, async (workers) => {
    const value = { limit: 1 };
    const early = workers.post(value);
    value.limit = 9;
    await Promise.all([early, workers.ready]);
    for (let i = 0; i < 8; i++) {
      assertEquals(await askOnce(workers, "configuration"), '{"limit":1}');
    }
    await workers.post([1, 2]);
    for (let i = 0; i < 8; i++) {
      assertEquals(await askOnce(workers, "configuration"), "[1,2]");
    }
    await workers.restart();
    assertEquals(await askOnce(workers, "configuration"), "[1,2]");
  });
});

Deno.test("a value that onmessage refuses rejects, and the one before stays", async () => {
  await withWorkers(configured, {}, async (workers) => {
    await workers.ready;
    await workers.post("right");
    await assertRejects(() => workers.post("wrong"), Error, "refused as told");
    await assertRejects(() => workers.post(() => {}), DOMException);
    await workers.restart();
    assertEquals(await askOnce(workers, "configuration"), '"right"');
  });
});

Deno.test("a value that onmessage takes longer for than it may rejects, and the one before stays", async () => {
  await withWorkers(configured, { starttimeout: 60 }, async (workers) => {
    await workers.ready;
    await workers.post("right");
    await assertRejects(
      () => workers.post("never", 0.01),
      TimeoutError,
      "post(): onmessage has not returned within 0.01 s",
    );
    await workers.restart();
    assertEquals(await askOnce(workers, "configuration"), '"right"');
    await assertRejects(() => workers.post(1, -1), RangeError);
  });
});

Deno.test("a value for a module without onmessage rejects, and so does one for stopped workers", async () => {
  await withWorkers(plain, {}, async (workers) => {
    await workers.ready;
    await assertRejects(() => workers.post(1), Error, "exports no function");
    assertEquals(await askOnce(workers, "echo x"), "x");
    await workers.stop();
    await assertRejects(() => workers.post(1), Error, "are stopped");
  });
});

for (
  const [ill, why] of [
    ["fail", "failed: ill as told"],
    ["no", "gave false"],
    ["hang", "took longer than 0.4 seconds"],
  ]
) {
  Deno.test(`a worker whose health check ${why} is reported and replaced`, async () => {
    const [report, ...lines] = await runWorkers(
      configured,
      `
      const workers = start({ heartbeat: 0.4 });
      const loop = copas.loop();
      await workers.ready;
      await workers.post("kept");
      await ask(workers, "${ill}");
      await until(async () => {
        const [{ crashes, state }] = await workers.status();
        return crashes > 0 && state === "listening" ? true : undefined;
      });
      console.log(await ask(workers, "configuration"));
      await workers.stop();
      await loop;`,
    );
    assertEquals(report, `test: worker 1 crashed: its health check ${why}`);
    assertEquals(lines, ['"kept"']);
  });
}

Deno.test({
  name: "workers secure their connections, by text and by files that they read",
  ignore: !hasOpenssl,
  fn: async () => {
    const authority = await Authority.make();
    const { cert, key } = await authority.issue({
      cn: "localhost",
      names: "DNS:localhost,IP:127.0.0.1",
      usage: "serverAuth",
    });
    const folder = await Deno.makeTempDir();
    const file = (name: string) => new URL(`file://${folder}/${name}`);
    try {
      await Deno.writeTextFile(file("cert.pem"), cert);
      await Deno.writeTextFile(file("key.pem"), key);
      const files = { cert: file("cert.pem"), key: file("key.pem") };
      for (const sslparams of [{ cert, key }, files]) {
        await withWorkers(plain, { sslparams }, async (workers) => {
          await workers.ready;
          using conn = await Deno.connectTls({
            hostname: "127.0.0.1",
            port: workers.addr.port,
            caCerts: [authority.cert],
          });
          assertEquals(await ask(conn, "echo secret"), "secret");
        });
      }
      const permissions = { read: [folder] };
      await withWorkers(
        plain,
        { sslparams: files, permissions },
        (workers) => workers.ready,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("wrong sslparams are refused at once, unless a worker has to read them first", async () => {
  const copas = new Copas();
  const start = (sslparams: unknown) =>
    copas.addworkers(plain, {
      hostname: "127.0.0.1",
      port: 0,
      sslparams,
    } as WorkersOptions);
  for (const wrong of [1, {}, { cert: "x", key: "y" }, { oops: 1 }]) {
    assertThrows(() => start(wrong), TypeError);
  }
  const remote = new URL("https://example.com/key.pem");
  assertThrows(() => start({ cert: remote, key: remote }), TypeError, "file:");
  const lines = await runWorkers(
    plain,
    `
    const missing = new URL("file:///nowhere/key.pem");
    const workers = start({ sslparams: { cert: missing, key: missing } });
    const loop = copas.loop();
    console.log(await workers.ready.catch((error) => error.message));
    await loop;`,
    1,
  );
  assertEquals(lines.some((line) => line.includes("/nowhere/key.pem")), true);
});

Deno.test("an option that there is not is refused, and the known ones are named", () => {
  const options = { hostname: "127.0.0.1", port: 0, paths: "/run/x" };
  assertThrows(
    () => new Copas().addworkers(plain, options as WorkersOptions),
    TypeError,
    "the options have no key paths; they have hostname, port,",
  );
});

Deno.test("the port that was picked is told when the workers are ready, and a thousand clients at once are served", async () => {
  await withWorkers(plain, { count: 2 }, async (workers) => {
    assertEquals(workers.addr.port, 0);
    await workers.ready;
    const clients = () =>
      Promise.all(
        Array.from({ length: 500 }, () => askOnce(workers, "echo x")),
      );
    const answers = await Promise.all([clients(), clients()]);
    assertEquals(new Set(answers.flat()), new Set(["x"]));
  });
});

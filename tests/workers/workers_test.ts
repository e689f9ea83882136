import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Copas,
  ScopeError,
  type Workers,
  type WorkersOptions,
} from "../../mod.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { closeQuietly, write } from "../fixtures/socket_pair.ts";

const handler = new URL("../fixtures/worker_handler.ts", import.meta.url);

/** Runs `body` with workers that are stopped at its end. */
async function withWorkers(
  options: Partial<WorkersOptions> & { count: number },
  body: (workers: Workers, copas: Copas, errors: string[]) => Promise<void>,
): Promise<void> {
  const copas = new Copas();
  const errors: string[] = [];
  copas.seterrorhandler((error) => errors.push(String(error)), true);
  const workers = copas.addworkers(handler, {
    hostname: "127.0.0.1",
    port: 0,
    name: "test",
    grace: 5,
    ...options,
  });
  const loop = copas.loop();
  try {
    await workers.ready;
    await body(workers, copas, errors);
  } finally {
    await workers.stop();
    await loop;
  }
  assertEquals(copas.status().threads, 0);
}

/** A connection to the workers, which asks line by line. */
class Client implements Disposable {
  constructor(readonly conn: Deno.TcpConn) {}

  static async connect({ addr }: Workers): Promise<Client> {
    const { hostname, port } = addr;
    return new Client(await Deno.connect({ hostname, port }));
  }

  async ask(line: string): Promise<string | null> {
    await write(this.conn, `${line}\n`);
    return await this.hear();
  }

  async hear(): Promise<string | null> {
    let text = "";
    const buffer = new Uint8Array(1024);
    while (!text.endsWith("\n")) {
      const count = await this.conn.read(buffer);
      if (count === null) return null;
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return text.slice(0, -1);
  }

  [Symbol.dispose](): void {
    closeQuietly(this.conn);
  }
}

async function askOnce(workers: Workers, line: string): Promise<string | null> {
  using client = await Client.connect(workers);
  return await client.ask(line);
}

/** Clients of two different workers. */
async function oneOfEach(workers: Workers): Promise<[Client, Client]> {
  const first = await Client.connect(workers);
  const who = await first.ask("who");
  for (;;) {
    const other = await Client.connect(workers);
    if (await other.ask("who") !== who) return [first, other];
    other[Symbol.dispose]();
  }
}

Deno.test("workers share a port, and tell what they are doing", async () => {
  await withWorkers({ count: 2 }, async (workers) => {
    assertEquals(String(workers), "test: 2 of 2 workers listen");
    const [one, other] = await oneOfEach(workers);
    using _one = one, _other = other;
    assertEquals(await one.ask("echo hello there"), "hello there");
    const status = await workers.status();
    assertEquals(status.map(({ worker }) => worker), [1, 2]);
    for (const { state, crashes, served, status: of } of status) {
      assertEquals([state, crashes, of?.servers.length], ["listening", 0, 1]);
      assertEquals(served! >= 1, true);
    }
  });
});

Deno.test("a worker has the permissions it is given, by Deno's own enforcement", async () => {
  const permissions = { net: ["127.0.0.1:9"] };
  await withWorkers({ count: 2, permissions }, async (workers) => {
    const state = (what: string) => askOnce(workers, `state ${what}`);
    assertEquals(await state("net 127.0.0.1:9"), "granted");
    assertEquals(await state("net 127.0.0.1:10"), "prompt");
    for (const name of ["read", "write", "env", "run", "sys", "ffi"]) {
      assertEquals(await state(name), "prompt", name);
    }
  });
  await withWorkers({ count: 1, permissions: "none" }, async (workers) => {
    assertEquals(await askOnce(workers, "state net 127.0.0.1:9"), "prompt");
  });
});

Deno.test("a worker that ends itself is replaced", async () => {
  await withWorkers({ count: 1 }, async (workers, _copas, errors) => {
    const before = await askOnce(workers, "who");
    assertEquals(await askOnce(workers, "exit").catch(() => null), null);
    for (;;) {
      const who = await askOnce(workers, "who").catch(() => before);
      if (who !== null && who !== before) break;
    }
    assertEquals(errors.length, 1);
  });
});

Deno.test("a rolling restart refuses no connection, and lets the old ones finish", async () => {
  await withWorkers({ count: 2 }, async (workers) => {
    const old = await oneOfEach(workers);
    const names = await Promise.all(old.map((client) => client.ask("who")));
    let restarted = false;
    const resets: unknown[] = [];
    const refused: unknown[] = [];
    let served = 0;
    const load = async () => {
      while (!restarted && served < 5000) {
        try {
          assertEquals(await askOnce(workers, "echo x"), "x");
          served++;
        } catch (error) {
          const isReset = error instanceof Deno.errors.ConnectionReset;
          (isReset ? resets : refused).push(error);
        }
      }
    };
    const loads = [load(), load()];
    await workers.restart();
    restarted = true;
    await Promise.all(loads);
    assertEquals(refused, []);
    // The system resets what it has established in the very moment in which a
    // listener is closed, and only Linux could change that.
    assertEquals(resets.length <= 2, true, String(resets));
    assertEquals(served > 0, true);
    // What was connected before is still served by the same worker.
    for (const [i, client] of old.entries()) {
      assertEquals(await client.ask("who"), names[i]);
      client[Symbol.dispose]();
    }
    assertEquals(names.includes(await askOnce(workers, "who")), false);
  });
});

Deno.test("a restart loads the handler's module anew", async () => {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  const write = (answer: string) =>
    Deno.writeTextFile(
      file,
      `export default async (skt) => await skt.send("${answer}\\n");`,
    );
  await write("first");
  const copas = new Copas();
  const workers = copas.addworkers(new URL(`file://${file}`), {
    hostname: "127.0.0.1",
    port: 0,
    count: 1,
  });
  const loop = copas.loop();
  try {
    await workers.ready;
    assertEquals(await askOnce(workers, ""), "first");
    await write("second");
    await workers.restart();
    assertEquals(await askOnce(workers, ""), "second");
  } finally {
    await workers.stop();
    await loop;
    await Deno.remove(file);
  }
  await assertRejects(
    () => Client.connect(workers),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("stopping in the middle of a restart stops all of them", async () => {
  const copas = new Copas();
  const workers = copas.addworkers(handler, {
    hostname: "127.0.0.1",
    port: 0,
    count: 2,
  });
  const loop = copas.loop();
  await workers.ready;
  const restart = workers.restart().catch(() => {});
  await workers.stop();
  await restart;
  await loop;
  await assertRejects(
    () => Client.connect(workers),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("stopping finishes the connections", async () => {
  await withWorkers({ count: 2 }, async (workers, copas) => {
    using client = await Client.connect(workers);
    assertEquals(await client.ask("echo before"), "before");
    const stopped = workers.stop();
    assertEquals(await client.ask("echo while"), "while");
    assertEquals(copas.finished(), false);
    client.conn.closeWrite();
    await stopped;
    const status = await workers.status();
    assertEquals(status.map(({ state }) => state), ["stopped", "stopped"]);
    await assertRejects(
      () => Client.connect(workers),
      Deno.errors.ConnectionRefused,
    );
  });
});

Deno.test("cancelall ends the workers at once", async () => {
  const copas = new Copas();
  const workers = copas.addworkers(handler, {
    hostname: "127.0.0.1",
    port: 0,
    count: 1,
  });
  const loop = copas.loop();
  await workers.ready;
  using client = await Client.connect(workers);
  assertEquals(await client.ask("echo x"), "x");
  copas.cancelall();
  await loop;
  assertEquals(await client.hear().catch(() => null), null);
});

Deno.test("a module that can't be loaded fails the workers once and for all", async () => {
  const copas = new Copas();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  const workers = copas.addworkers(
    new URL("data:text/javascript,export const x = 1"),
    {
      hostname: "127.0.0.1",
      port: 0,
      count: 2,
      name: "test",
    },
  );
  await copas.loop();
  await assertRejects(() => workers.ready, Error, "default export");
  assertEquals(Deno.exitCode, 1);
  Deno.exitCode = 0;
  assertEquals(errors.length > 0, true);
});

Deno.test("an address outside the scope, and wrong options, start nothing", () => {
  const copas = new Copas({ net: ["127.0.0.1:1"] });
  const options = { hostname: "127.0.0.1", port: 1 };
  assertThrows(
    () => copas.addworkers(handler, { ...options, port: 0 }),
    ScopeError,
  );
  const wrong = [
    { ...options, count: 0 },
    { ...options, port: -1 },
    { ...options, grace: -1 },
    { ...options, heartbeat: 0 },
    { ...options, starttimeout: 0 },
    { ...options, backlog: 0 },
    { ...options, maxConnections: 0 },
    { ...options, maxline: -1 },
    { ...options, timeout: NaN },
  ];
  for (const each of wrong) {
    assertThrows(() => copas.addworkers(handler, each), RangeError);
  }
  assertThrows(
    () => copas.addworkers("./handler.ts" as unknown as URL, options),
    TypeError,
  );
  assertThrows(
    () => copas.addworkers(handler, { path: "/run/x.sock", count: 2 } as never),
    TypeError,
    "workers can't share a Unix socket",
  );
  assertEquals(copas.finished(), true);
});

Deno.test("a missing flag is named", async () => {
  const script = `
    import { Copas } from "{mod}";
    try {
      new Copas().addworkers(new URL("data:text/javascript,"), {
        hostname: "127.0.0.1", port: 0, count: 1, permissions: Deno.args[0],
      });
    } catch (error) {
      console.log(error.name + ": " + error.message);
    }`;
  const without = await runScript(script, ["--allow-net=127.0.0.1"]);
  assertEquals(
    without.stdout.trim(),
    "NotSupported: addworkers(): workers share the port 127.0.0.1:0, for which Deno needs a flag; run with --unstable-net",
  );
  // Pins what Deno 2.9.6 does: it ends the process, and says why.
  const permissions = script.replace("Deno.args[0]", '"none"');
  const { code, stderr } = await runScript(permissions, [
    "--allow-net=127.0.0.1",
    "--unstable-net",
  ]);
  assertEquals(code, 70);
  assertEquals(stderr.includes("--unstable-worker-options"), true);
});

Deno.test("permissions beyond the process's own are refused", async () => {
  const { stdout } = await runScript(
    `import { Copas } from "{mod}";
     try {
       new Copas().addworkers(new URL("data:text/javascript,"), {
         hostname: "127.0.0.1", port: 0, count: 1,
         permissions: { net: ["example.com"] },
       });
     } catch (error) {
       console.log(error.name);
     }`,
    [
      "--allow-net=127.0.0.1",
      "--unstable-net",
      "--unstable-worker-options",
    ],
  );
  assertEquals(stdout.trim(), "NotCapable");
});

Deno.test("one worker of several is replaced alone", async () => {
  await withWorkers({ count: 2 }, async (workers) => {
    const ids = async () => {
      const clients = await oneOfEach(workers);
      const found: (string | null)[] = [];
      for (const client of clients) {
        found.push(await client.ask("who"));
        client[Symbol.dispose]();
      }
      return found;
    };
    const before = await ids();
    await workers.restart(2);
    const after = await ids();
    assertEquals(after.filter((id) => before.includes(id)).length, 1);
    // Of two at once each is done, and twice the same is once.
    await Promise.all([
      workers.restart(1),
      workers.restart(2),
      workers.restart(1),
    ]);
    const last = await ids();
    assertEquals(last.filter((id) => after.includes(id)).length, 0);
    for (const wrong of [0, 3, 1.5]) {
      await assertRejects(
        () => workers.restart(wrong),
        RangeError,
        "the worker",
      );
    }
  });
});

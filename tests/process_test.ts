// What the library does to a process of its own: nothing at import, nothing at the end.

import { assertEquals } from "@std/assert";
import { hasOpenssl, selfSigned } from "./fixtures/certificates.ts";

const root = new URL("../", import.meta.url);

/** Every module of the library, from the root. */
function modules(folder = "src/"): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry) =>
    entry.isDirectory
      ? modules(`${folder}${entry.name}/`)
      : entry.name.endsWith(".ts")
      ? [`${folder}${entry.name}`]
      : []
  ).sort();
}

/** Takes away all that a module could do work with. Runs before the modules. */
const disarm = `
  const disarm = (name, object, keys) => {
    for (const key of keys) {
      if (typeof object[key] !== "function") continue;
      object[key] = () => { throw new Error(name + key + "() was called"); };
    }
  };
  disarm("Deno.", Deno, Object.keys(Deno).filter((key) => /^[a-z]/.test(key)));
  disarm("", globalThis, ["setTimeout", "setInterval", "setImmediate", "fetch"]);
  globalThis.before = new Set(Object.keys(globalThis));
`;

Deno.test("importing a module does no work, asks for no permission and opens nothing", async () => {
  const first = `data:text/javascript,${encodeURIComponent(disarm)}`;
  const urls = ["mod.ts", ...modules()].map((path) => new URL(path, root).href);
  const script = `
    ${[first, ...urls].map((url) => `import "${url}";`).join("\n")}
    for (const key of Object.keys(globalThis)) {
      // Deno's own, where npm packages are loaded.
      if (key === "before" || key === "nodeBootstrap") continue;
      if (!globalThis.before.has(key)) console.log("a global: " + key);
    }
  `;
  assertEquals(await outcome(script), ["", "", 0]);
});

/** Runs a script with the dispatcher as `copas`; gives what it printed. */
async function run(body: string, ...hosts: string[]): Promise<string> {
  const script = `import copas, { Copas } from "${root}mod.ts";\n${body}`;
  const grant = `--allow-net=${["127.0.0.1", ...hosts]}`;
  const [stdout, stderr, code] = await outcome(script, grant);
  assertEquals([stderr, code], ["", 0]);
  return stdout.trim();
}

/** Runs a script in a process of its own; gives what it printed, and its exit code. */
async function outcome(
  script: string,
  ...flags: string[]
): Promise<[stdout: string, stderr: string, code: number]> {
  const child = new Deno.Command(Deno.execPath(), {
    // The configuration knows where the packages are that some entry points use.
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-lock", "--ext=ts"],
      `--config=${new URL("deno.json", root).pathname}`,
      ...flags,
      "-",
    ],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // A process that does not end is the failure that is looked for.
    signal: AbortSignal.timeout(30_000),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return [text(stdout), text(stderr), code];
}

Deno.test("a process whose loop has ended exits, although sockets and servers are open", async () => {
  const stdout = await run(`
    const server = copas.socket.bind("127.0.0.1", 0);
    const { port } = server.addr;
    copas.autoclose = false;
    copas.addserver(server, (conn) => {
      copas.wrap(conn);
    });
    copas.addthread(async () => {
      const skt = await copas.socket.connect("127.0.0.1", port);
      await skt.send("line\\n");
      const idle = await copas.socket.connect("127.0.0.1", port);
      const reader = copas.addthread(() => idle.receive());
      await copas.pause(0.05);
      copas.removethread(reader);
      copas.removeserver(server, true);
    });
    copas.addthread(() => copas.pauseforever());
    await copas.loop();
    console.log("ended");
  `);
  assertEquals(stdout, "ended");
});

Deno.test("so does one whose loop ran twice, although a receive of each is still under way", async () => {
  const stdout = await run(`
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listener.unref();
    const receive = async () => {
      const skt = await copas.socket.connect("127.0.0.1", listener.addr.port);
      await skt.receive("*l", { timeout: 0.02 }).catch(() => {});
    };
    const [conn] = await Promise.all([listener.accept(), copas.loop(receive)]);
    const [other] = await Promise.all([listener.accept(), copas.loop(receive)]);
    console.log("ended");
  `);
  assertEquals(stdout, "ended");
});

Deno.test("so does one with TLS connections on which a receive is under way", {
  ignore: !hasOpenssl,
}, async () => {
  const params = JSON.stringify(await selfSigned("localhost", "DNS:localhost"));
  const stdout = await run(
    `
    const { cert, key } = ${params};
    const trust = { caCerts: [cert], servername: "localhost" };
    const giveUp = (skt) => skt.receive("*l", { timeout: 0.02 }).catch(() => {});
    // Of node's engine, in the loop.
    const server = copas.socket.bind("127.0.0.1", 0);
    copas.autoclose = false;
    copas.addserver(server, copas.handler(async (skt) => {
      await giveUp(skt);
      copas.removeserver(server);
    }, { cert, key }));
    copas.addthread(async () => {
      const { port } = server.addr;
      const skt = copas.wrap(copas.socket.tcp(), trust);
      await skt.connect("127.0.0.1", port);
      await giveUp(skt);
    });
    await copas.loop();
    // Of Deno's own, without a loop, and asked for once more.
    const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
    const { port } = listener.addr;
    const [client, conn] = await Promise.all([
      Deno.connectTls({ hostname: "localhost", port, caCerts: [cert] }),
      listener.accept(),
    ]);
    listener.close();
    await Promise.all([client.handshake(), conn.handshake()]);
    const skt = copas.wrap(client);
    await giveUp(skt);
    await skt.dohandshake();
    console.log("ended");
  `,
    "localhost",
  );
  assertEquals(stdout, "ended");
});

Deno.test("a process that awaits nothing of the dispatcher exits, whatever waits there", async () => {
  const stdout = await run(`
    const listener = copas.socket.bind("127.0.0.1", 0);
    copas.addserver(listener, () => {});
    copas.addthread(() => copas.pause(3600));
    copas.addthread(() => copas.wait(new Promise(() => {})));
    await copas.step(0);
    console.log("ended");
  `);
  assertEquals(stdout, "ended");
});

Deno.test("the loop keeps the process alive as long as it lasts", async () => {
  const stdout = await run(`
    copas.addthread(async () => {
      await copas.pause(0.02);
      console.log("slept");
    });
    copas.loop().then(() => console.log("ended"));
  `);
  assertEquals(stdout, "slept\nended");
});

Deno.test("a wait outside every thread keeps the process alive, and a script needs no loop", async () => {
  const stdout = await run(`
    const server = copas.socket.bind("127.0.0.1", 0);
    copas.addserver(server, copas.handler(async (skt) => {
      await skt.send((await skt.receive()) + "\\n");
    }));
    const skt = await copas.socket.connect("127.0.0.1", server.addr.port);
    await skt.send("hello\\n");
    console.log(await skt.receive());
    await copas.sleep(0.01);
    console.log(copas.running);
  `);
  assertEquals(stdout, "hello\nfalse");
});

Deno.test("what is abandoned never ends the process with an unhandled rejection", async () => {
  const stdout = await run(`
    const signal = AbortSignal.timeout(20);
    const failing = () => Promise.reject(new Error("foreign"));
    const task = copas.addthread(async () => {
      copas.sleep(3600); copas.pause(3600); copas.pauseforever(); copas.waitforexit();
      copas.wait(new Promise(() => {}), { timeout: 0.001 });
      copas.wait(failing());
      copas.sleep(3600, { signal }); copas.waitforexit({ signal });
      copas.queue.new().pop();
      copas.semaphore.new(1).take();
      copas.future.addthread(() => copas.pause(3600)).get();
      await copas.pause(3600);
    });
    copas.addthread(async () => {
      await copas.pause(0.05);
      copas.removethread(task);
      copas.cancelall();
    });
    await copas.loop();
    console.log("ended");
  `);
  assertEquals(stdout, "ended");
});

Deno.test("nor does what a removed thread had begun and never awaited", async () => {
  const stdout = await run(`
    const listener = copas.socket.bind("127.0.0.1", 0);
    const connect = (options) =>
      copas.socket.tcp(options).connect("127.0.0.1", listener.addr.port);
    const skt = await connect();
    const lock = copas.lock.new();
    copas.addthread(async () => {
      using _held = await lock.hold();
      await copas.pause(0.1);
    });
    const aborted = AbortSignal.abort();
    const task = copas.addthread(async () => {
      (async () => { await copas.pause(3600); })();
      skt[Symbol.asyncIterator]().next();
      connect({ sslparams: {} });
      lock.with(() => {});
      copas.queue.new()[Symbol.asyncIterator]().next();
      (async () => { await copas.pause(1, { signal: aborted }); })();
      await copas.pause(0.02);
    });
    await copas.pause(0.02);
    copas.removethread(task);
    (async () => lock.get({ signal: aborted }))();
    await copas.loop();
    console.log("ended");
  `);
  assertEquals(stdout, "ended");
});

Deno.test("an error that is not caught still ends the process", async () => {
  const script = (body: string) =>
    `import copas from "${root}mod.ts";
    import { CancelledError } from "${root}mod.ts";
    copas.removethread(copas.addthread(() => copas.pause(1)));
    await copas.loop();
    ${body};
    await copas.pause(0.01);`;
  for (
    const body of [
      'Promise.reject(new TypeError("no luck"))',
      'Promise.reject(new CancelledError("no luck"))',
      'copas.socket.connect("127.0.0.1", "no luck")',
    ]
  ) {
    const [, stderr, code] = await outcome(script(body));
    assertEquals([stderr.includes("no luck"), code], [true, 1]);
  }
});

Deno.test("a removed thread that catches every error does not keep the process busy", async () => {
  const stdout = await run(`
    const task = copas.addthread(async () => {
      for (;;) try { await copas.sleep(1); } catch { /* on and on */ }
    });
    copas.removethread(task);
    await copas.loop(() => copas.pause(0.01));
    console.log("ended");
  `);
  assertEquals(stdout, "ended");
});

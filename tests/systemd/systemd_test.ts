// Sockets that systemd hands over, and what a service tells it.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { listeners, notify, watchdog } from "../../src/systemd/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { isListening, until } from "../fixtures/server_process.ts";
import { isInstalled, runScript } from "../fixtures/socket_child.ts";
import { readText, write } from "../fixtures/socket_pair.ts";

const hasActivate = await isInstalled("systemd-socket-activate");
const root = new URL("../../", import.meta.url);

/** A server that answers each line with its pid; "stop" ends it. */
const SERVER = `
import copas from "${root}mod.ts";
import { listeners } from "${root}src/systemd/mod.ts";
const [server] = await listeners(OPTIONS);
const peers = new Set();
copas.addserver(server, copas.handler(async (skt) => {
  peers.add(skt.getpeername()[0] || skt.getpeername()[2]);
  for await (const line of skt) {
    if (line === "stop") copas.removeserver(server);
    if (line === "peers") await skt.send([...peers].join() + "\\n");
    else if (line === "access") await skt.send("flags: " + copas.netaccess() + "\\n");
    else if (line === "name") await skt.send(server.name + " " + server.addr.port + "\\n");
    else await skt.send(Deno.pid + " " + line.length + "\\n");
  }
}));
await copas.loop();
`;

/** Runs a server behind \`systemd-socket-activate\` while \`talk\` runs. */
async function activated(
  { options, flags = [], again = false, name }: {
    options: string;
    flags?: string[];
    again?: boolean;
    name?: string;
  },
  talk: (port: number) => Promise<void>,
): Promise<void> {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, SERVER.replace("OPTIONS", options));
  const run = [
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--no-config"],
    ...["--no-lock", ...flags, file],
  ];
  // The shell keeps the socket, as systemd does.
  const shell = ["sh", "-c", 'while "$@"; do :; done', "sh", ...run];
  const child = new Deno.Command("systemd-socket-activate", {
    args: [
      ...["-l", `127.0.0.1:${port}`, "-E", "HOME", "-E", "DENO_DIR"],
      ...(name === undefined ? [] : [`--fdname=${name}`]),
      ...(again ? shell : run),
    ],
    env: { DENO_DIR: denoDir() },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  try {
    await listening(port);
    await talk(port);
  } finally {
    if (again) kill(child.pid);
    const { success } = await child.status;
    if (!again) assert(success, await stderr);
    else await stderr;
    await Deno.remove(file);
  }
}

function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}

/** Ends the shell and the server that it has started. */
function kill(pid: number): void {
  new Deno.Command("pkill", { args: ["-KILL", "-P", `${pid}`] }).outputSync();
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** systemd-socket-activate does not say when it listens, and a connection would start the server: the port is asked for itself. */
function listening(port: number): Promise<void> {
  return until("systemd-socket-activate listens", () => isListening(port));
}

async function ask(port: number, text: string): Promise<string> {
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  await write(client, text);
  await client.closeWrite();
  return await readText(client);
}

Deno.test({
  name: "a server runs on a socket of systemd's, without any permission",
  ignore: !hasActivate,
  fn: () =>
    activated({ options: "{ count: 1 }" }, async (port) => {
      const answer = await ask(port, `${"x".repeat(300_000)}\nstop\n`);
      assertEquals(answer.replaceAll(/\d+ (\d+)/g, "PID $1").split("\n"), [
        "PID 300000",
        "PID 4",
        "",
      ]);
    }),
});

Deno.test({
  name:
    "netaccess() lists no flags for a socket of systemd's, which needs none",
  ignore: !hasActivate,
  fn: () =>
    activated({ options: "{ count: 1 }" }, async (port) => {
      const answer = await ask(port, "access\nstop\n");
      assertEquals(answer.split("\n")[0].trim(), "flags:");
    }),
});

Deno.test({
  name: "the environment tells how many sockets there are, and their names",
  ignore: !hasActivate,
  fn: () =>
    activated({
      options: "",
      name: "web",
      flags: ["--allow-env=LISTEN_FDS,LISTEN_PID,LISTEN_FDNAMES"],
    }, async (port) => {
      const answer = await ask(port, "name\nstop\n");
      assertEquals(answer.split("\n")[0], `web ${port}`);
    }),
});

Deno.test({
  name:
    "a client of a TCP socket that has reset its connection before it was accepted is no Unix peer",
  ignore: !hasActivate || !await isInstalled("python3"),
  fn: () =>
    activated({ options: "{ count: 1 }" }, async (port) => {
      // The first one starts the server, which is not there yet when it resets.
      const reset = new Deno.Command("python3", {
        args: [
          "-c",
          `import socket, struct
s = socket.create_connection(("127.0.0.1", ${port}))
s.sendall(b"hello\\n")
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()`,
        ],
      });
      assert((await reset.output()).success);
      const answer = await ask(port, "peers\nstop\n");
      assertEquals(answer.split("\n")[0], "127.0.0.1");
    }),
});

Deno.test({
  name:
    "a restart behind the socket refuses no client, and resets at most one each time",
  ignore: !hasActivate,
  fn: () =>
    activated({ options: "{ count: 1 }", again: true }, async (port) => {
      const pids = new Set<string>();
      let resets = 0;
      // The runtime accepts in batches, and drops what it has not handed over when it is closed.
      const answerOf = () =>
        ask(port, "hello\n").catch((error) => {
          if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
          resets++;
          return "";
        });
      const client = async () => {
        for (let i = 0; i < 40; i++) {
          const [pid] = (await answerOf()).split(" ");
          if (pid !== "") pids.add(pid);
        }
      };
      const restarts = async () => {
        for (let i = 0; i < 3; i++) {
          const before = pids.size;
          await ask(port, "stop\n");
          while (pids.size === before) {
            await turn();
            const [pid] = (await answerOf()).split(" ");
            if (pid !== "") pids.add(pid);
          }
        }
      };
      await Promise.all([restarts(), ...Array.from({ length: 4 }, client)]);
      assertEquals([pids.size >= 3, resets <= 3], [true, true]);
    }),
});

Deno.test("without the environment the program has to say how many sockets there are, and a descriptor that is none is refused", async () => {
  const { stdout, code, stderr } = await runScript(
    `
    import { listeners } from "{src}/systemd/mod.ts";
    for (const options of [undefined, { count: 1 }, { count: 0 }, { counts: 1 }]) {
      await listeners(options).catch((error) => console.log(error.name, error.message));
    }`,
    [],
  );
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.split("\n");
  assert(lines[0].startsWith("TypeError listeners(): the environment may"));
  assert(lines[1].includes("cannot listen on descriptor 3 (unknown)"));
  assert(lines[2].startsWith("RangeError listeners(): the count"));
  assert(lines[3].startsWith("TypeError listeners():"));
});

Deno.test("a process that no socket has started gets none, and one that another process was meant for", async () => {
  assertEquals(await listeners(), []);
  const set = (pid: number) => {
    Deno.env.set("LISTEN_FDS", "1");
    Deno.env.set("LISTEN_PID", `${pid}`);
  };
  try {
    set(Deno.pid + 1);
    assertEquals(await listeners(), []);
  } finally {
    Deno.env.delete("LISTEN_FDS");
    Deno.env.delete("LISTEN_PID");
  }
});

/** Runs `talk` with a socket of systemd's kind; gives what came. */
async function heard(
  path: string,
  talk: () => Promise<unknown>,
  count: number,
): Promise<string[]> {
  const conn = Deno.listenDatagram({ transport: "unixpacket", path });
  Deno.env.set(
    "NOTIFY_SOCKET",
    path.startsWith("\0") ? `@${path.slice(1)}` : path,
  );
  try {
    await talk();
    const messages: string[] = [];
    for (let i = 0; i < count; i++) {
      const [bytes] = await conn.receive();
      messages.push(new TextDecoder().decode(bytes));
    }
    return messages;
  } finally {
    Deno.env.delete("NOTIFY_SOCKET");
    conn.close();
  }
}

Deno.test("notify() tells systemd by a path and by an abstract name, and says whether it was told", async () => {
  assertEquals(await notify("READY=1"), false);
  const folder = await Deno.makeTempDir();
  try {
    for (const path of [`${folder}/notify`, `\0copas-test-${Deno.pid}`]) {
      const talk = async () => {
        assertEquals(await notify("READY=1\nSTATUS=serving"), true);
        assertEquals(await notify("STOPPING=1"), true);
      };
      assertEquals(await heard(path, talk, 2), [
        "READY=1\nSTATUS=serving",
        "STOPPING=1",
      ]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await assertRejects(() => notify(1 as never), TypeError, "the state");
});

Deno.test("the watchdog is told at once and at half its interval, while the loop goes", async () => {
  const { Copas } = await import("../../mod.ts");
  const { VirtualClock } = await import("../../src/testing/mod.ts");
  const copas = new Copas({ clock: new VirtualClock() });
  assertEquals(watchdog(copas), null);
  assertThrows(() => watchdog({} as never), TypeError, "a dispatcher");
  Deno.env.set("WATCHDOG_USEC", "2000000");
  try {
    Deno.env.set("WATCHDOG_PID", `${Deno.pid + 1}`);
    assertEquals(watchdog(copas), null);
    Deno.env.set("WATCHDOG_PID", `${Deno.pid}`);
    const messages = await heard(`\0copas-watchdog-${Deno.pid}`, async () => {
      using _timer = watchdog(copas)!;
      copas.addthread(() => copas.pause(2.5));
      await copas.loop();
    }, 3);
    assertEquals(messages, Array(3).fill("WATCHDOG=1"));
  } finally {
    Deno.env.delete("WATCHDOG_USEC");
    Deno.env.delete("WATCHDOG_PID");
  }
});

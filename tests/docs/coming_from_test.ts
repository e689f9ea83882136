// The pages for those who come from elsewhere show the same ten things twice.
// Every block compiles, and the first one of each page, a server, runs.

import { assertEquals } from "@std/assert";
import { deadline } from "@std/async";
import { converse } from "../examples/fixtures/connection.ts";
import type { Conversation } from "../examples/fixtures/conversation.ts";
import { isInstalled } from "../examples/fixtures/program.ts";
import { denoRun } from "../examples/fixtures/running_example.ts";
import { accepts, freePort, until } from "../fixtures/server_process.ts";
import {
  checkLua,
  checkPython,
  checkTypeScript,
  hasBunTypes,
} from "./fixtures/compile.ts";
import { pageNames, readPage, type Section } from "./fixtures/side_by_side.ts";

const hasLua = isInstalled("luajit", ["-e", 'require "socket"'], /^$/);
const hasPython = isInstalled("python3", ["--version"], /^Python 3\.1[1-9]/);

const titles = [
  "A server for lines",
  "A read that takes too long",
  "A client",
  "Limits",
  "A peer that does not read",
  "TLS",
  "Something every minute",
  "One at a time",
  "Errors",
  "The end",
];

/** A page: how the code that its reader knows is compiled, and run. */
interface Page {
  /** Whether the compiler is missing. */
  ignore?: boolean;
  compile: (blocks: string[]) => Promise<string>;
  /** Runs the first block, a server. Default: it is only compiled. */
  run?: (file: string) => Deno.ChildProcess;
}

/** The names that blocks use and that the reader's program would have. */
const copas = `
import copas, { type Lock, type StreamSocket } from "jsr:@copas/copas";
declare const skt: StreamSocket;
declare const server: Deno.TcpListener;
declare const lock: Lock;
declare const data: Uint8Array;
declare const cert: string;
declare const key: string;
declare function serve(skt: StreamSocket): Promise<void>;
declare function cleanUp(): void;
declare function work(): Promise<void>;
const handler = copas.handler(serve);
`;
const denoNames = `
declare const conn: Deno.TcpConn;
declare const listener: Deno.TcpListener;
declare const buffer: Uint8Array<ArrayBuffer>;
declare const bytes: Uint8Array;
declare const connections: number;
declare const cert: string;
declare const key: string;
declare let queue: Promise<void>;
declare function cleanUp(): void;
declare function work(): Promise<void>;
declare function serve(conn: Deno.Conn): Promise<void>;
declare function timeout(seconds: number): Promise<never>;
declare function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void>;
`;
const nodeNames = `
import net from "node:net";
import tls from "node:tls";
import process from "node:process";
import { once } from "node:events";
declare const socket: net.Socket;
declare const server: net.Server;
declare const data: string;
declare const cert: string;
declare const key: string;
declare let queue: Promise<void>;
declare function cleanUp(): void;
declare function work(): Promise<void>;
declare function serve(socket: tls.TLSSocket): void;
`;
const bunNames = `
interface Data { rest: string }
declare const console: { log(...text: unknown[]): void; error(error: Error): void };
declare const socket: Bun.Socket<Data>;
declare const handlers: Bun.SocketHandler<Data>;
declare const listener: Bun.TCPSocketListener<Data>;
declare const count: number;
declare const data: string;
declare const cert: string;
declare const key: string;
declare let queue: Promise<void>;
declare function cleanUp(): void;
declare function work(): Promise<void>;
`;

const allowed = ["--allow-net=127.0.0.1"];

const pages: Record<string, Page> = {
  "asyncio.md": {
    ignore: !hasPython,
    compile: checkPython,
    run: (file) => spawn("python3", file),
  },
  "bun.md": {
    ignore: !hasBunTypes,
    compile: (blocks) =>
      checkTypeScript(blocks, {
        names: bunNames,
        compilerOptions: {
          types: ["npm:bun-types@1"],
          lib: ["esnext", "deno.ns"],
        },
      }),
  },
  "deno_listen.md": {
    compile: (blocks) => checkTypeScript(blocks, { names: denoNames }),
    run: (file) => denoRun(allowed, [file]),
  },
  "luasocket.md": {
    ignore: !hasLua,
    compile: checkLua,
    run: (file) => spawn("luajit", file),
  },
  "node_net.md": {
    compile: ([server, ...blocks]) =>
      checkTypeScript([server.replace(/^import.*\n/gm, ""), ...blocks], {
        names: nodeNames,
      }),
    run: (file) => denoRun(allowed, [file]),
  },
};

function spawn(command: string, file: string): Deno.ChildProcess {
  return new Deno.Command(command, {
    args: [file],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a server on a free port in place of 8080; its lines must come back. */
async function assertEcho(
  program: string,
  run: (file: string) => Deno.ChildProcess,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "copas_server_" });
  const file = `${folder}/server.mts`;
  const port = freePort();
  await Deno.writeTextFile(file, program.replaceAll("8080", `${port}`));
  const process = run(file);
  const output = process.output();
  try {
    const client = await deadline(connectTo(port, process.status), 30_000);
    await client.say("one\nt");
    assertEquals(await client.hearLine(), "one");
    await client.say("wo\n");
    assertEquals(await client.hearLine(), "two");
    await client.end();
    assertEquals(await client.hearAll(), "");
    await client.hangUp();
  } finally {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    const { stderr } = await output;
    await Deno.remove(folder, { recursive: true });
    assertEquals(new TextDecoder().decode(stderr), "");
  }
}

/** Connects as soon as a server listens, or fails when its process has ended. */
async function connectTo(
  port: number,
  ended: Promise<Deno.CommandStatus>,
): Promise<Conversation> {
  let isOver = false;
  ended.then(() => isOver = true);
  await until("the server listens", () => accepts(port), () => isOver);
  return await converse(port);
}

Deno.test("every page has the same ten sections, with the same blocks of Copas", async () => {
  assertEquals(pageNames, Object.keys(pages));
  const [first, ...others] = await Promise.all(pageNames.map(readPage));
  assertEquals(first.map(({ title }) => title), titles);
  const of = (page: Section[]) => page.map(({ title, here }) => [title, here]);
  for (const page of others) assertEquals(of(page), of(first));
});

Deno.test("the blocks of Copas compile", async () => {
  const blocks = (await readPage(pageNames[0])).map(({ here }) => here);
  assertEquals(await checkTypeScript(blocks, { names: copas }), "");
});

Deno.test("the server of Copas gives lines back", async () => {
  const [{ here }] = await readPage(pageNames[0]);
  const program = `import copas from "jsr:@copas/copas";\n${here}`;
  await assertEcho(program, (file) => denoRun(allowed, [file]));
});

for (const [name, { ignore, compile, run }] of Object.entries(pages)) {
  Deno.test({
    name: `${name}: the blocks that the reader knows compile`,
    ignore,
    fn: async () => {
      const blocks = (await readPage(name)).map(({ there }) => there);
      assertEquals(await compile(blocks), "");
    },
  });
  if (run === undefined) continue;
  Deno.test({
    name: `${name}: the server that the reader knows gives lines back`,
    ignore,
    fn: async () => assertEcho((await readPage(name))[0].there, run),
  });
}

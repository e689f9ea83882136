// Each message that a heading of the troubleshooting page shows is one that the
// library really gives, and each error class has its section.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  ClosedError,
  Copas,
  CopasError,
  type StreamSocket,
} from "../../mod.ts";
import * as main from "../../mod.ts";
import config from "../../deno.json" with { type: "json" };
import { VirtualClock } from "../../src/testing/mod.ts";
import { denoRun } from "../examples/fixtures/running_example.ts";

const root = new URL("../../", import.meta.url);

/** The message with which `fn` fails. */
async function failureOf(fn: () => unknown): Promise<string> {
  try {
    await fn();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("It did not fail");
}

/** What a program of its own, without any permission, prints to stderr. */
async function complaintOf(program: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/program.ts`;
    const text = `import copas from "jsr:@copas/copas";\n${program}\n`;
    await Deno.writeTextFile(file, text);
    const { stderr } = await denoRun([], [file]).output();
    return new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The message with which `call` fails on a socket whose peer sends `text`. */
async function withPeer(
  call: (skt: StreamSocket) => unknown,
  text = "",
): Promise<string> {
  const copas = new Copas({ clock: new VirtualClock() });
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(
    server,
    copas.handler(async (peer) => {
      await peer.send(text);
      await peer.receive("*a");
    }),
  );
  let message = "";
  await copas.loop(async () => {
    const { port } = server.addr;
    await using skt = await copas.socket.connect("127.0.0.1", port);
    message = await failureOf(() => call(skt));
    copas.removeserver(server);
  });
  return message;
}

const copas = new Copas();

/** How each message comes about: the heading, and a way to it. */
const ways: Record<string, () => Promise<string>> = {
  "Cannot bind 127.0.0.1:8080: the address is in use; choose another port, or 0 for any":
    async () => {
      using taken = copas.socket.bind("127.0.0.1", 0);
      const { port } = taken.addr;
      const message = await failureOf(() =>
        copas.socket.bind("127.0.0.1", port)
      );
      return message.replace(`${port}`, "8080");
    },
  "net access is not granted; run with --allow-net=…": () =>
    complaintOf('copas.socket.bind("127.0.0.1", 8080);'),
  "is outside the dispatcher's network scope": () =>
    failureOf(() => new Copas({ net: [] }).socket.bind("127.0.0.1", 0)),
  "timed out after 5 s": () =>
    withPeer((skt) => skt.receive("*l", { timeout: 5 })),
  "the socket is closed": () =>
    withPeer(async (skt) => {
      await skt.close();
      await skt.receive();
    }),
  "wrap it with copas.handler()": async () => {
    const copas = new Copas();
    const messages: string[] = [];
    copas.seterrorhandler(
      (error) => void messages.push((error as Error).message),
      true,
    );
    const server = copas.socket.bind("127.0.0.1", 0);
    // The compiler finds this, too.
    const wrong = (skt: StreamSocket) => skt.receive();
    copas.addserver(server, wrong as unknown as (conn: Deno.Conn) => unknown);
    await copas.loop(async () => {
      const { port } = server.addr;
      await using skt = await copas.socket.connect("127.0.0.1", port);
      await skt.receive("*a");
      copas.removeserver(server);
    });
    return messages.join();
  },
  "the handler is copas.handler itself": async () => {
    using server = copas.socket.bind("127.0.0.1", 0);
    return await failureOf(() =>
      copas.addserver(
        server,
        copas.handler as unknown as (conn: Deno.Conn) => unknown,
      )
    );
  },
  "longer than 1048576 bytes (maxline)": () =>
    withPeer((skt) => skt.receive(), "x".repeat(1024 * 1024 + 1)),
  "sslparams: … must be a certificate in PEM (its text, not a file's name)":
    () =>
      failureOf(() =>
        copas.handler(() => {}, { cert: "cert.pem", key: "key.pem" })
      ),
  "sslparams, and its TLS handshake is not done": () =>
    failureOf(async () => {
      const copas = new Copas();
      using server = copas.socket.bind("127.0.0.1", 0);
      const { port } = server.addr;
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      using skt = copas.wrap(conn, {});
      await skt.send("hello");
    }),
  "the options have no key …": () =>
    failureOf(() => copas.queue.new({ maxSize: 1 } as { maxsize?: number })),
  "a step() of the dispatcher is under way; await it first": () =>
    failureOf(async () => {
      const copas = new Copas();
      const first = copas.step(0);
      try {
        await copas.step(0);
      } finally {
        await first;
      }
    }),
  "loop() was never called, but these wait for it": () =>
    complaintOf("copas.addthread(() => copas.pause(1));"),
};

const page = await Deno.readTextFile(
  new URL("docs/troubleshooting.md", root),
);
const headings = Array.from(
  page.matchAll(/^## `([^`]+)`$/gm),
  ([, heading]) => heading,
);

Deno.test("every message in the headings of troubleshooting is tried", () => {
  assertEquals(headings, Object.keys(ways));
});

for (const [heading, way] of Object.entries(ways)) {
  Deno.test(`troubleshooting: the library says "${heading}"`, async () => {
    const literal = heading.split("…").map((part) => RegExp.escape(part));
    assertMatch(await way(), new RegExp(literal.join(".*")));
  });
}

Deno.test("every error class of every entry point has a section in docs/errors.md", async () => {
  const text = await Deno.readTextFile(new URL("docs/errors.md", root));
  const missing: string[] = [];
  let found = 0;
  for (const file of Object.values(config.exports)) {
    const module = await import(new URL(file, root).href);
    for (const [name, value] of Object.entries(module)) {
      const isError = typeof value === "function" &&
        value.prototype instanceof CopasError;
      if (!isError) continue;
      found++;
      if (!text.includes(`\n## ${name}\n`) || !text.includes(`[\`${name}\`]`)) {
        missing.push(name);
      }
    }
  }
  assert(found >= 10);
  assertEquals(missing, []);
});

Deno.test("docs/errors.md has no section of a class that is not there", async () => {
  const text = await Deno.readTextFile(new URL("docs/errors.md", root));
  const known = new Set([...Object.keys(main), "ReplyError"]);
  const sections = Array.from(
    text.matchAll(/^## (\w+Error)$/gm),
    ([, name]) => name,
  );
  assert(sections.includes(ClosedError.name));
  assertEquals(sections.filter((name) => !known.has(name)), []);
});

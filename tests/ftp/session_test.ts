import { assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import { ClosedError } from "../../src/errors/errors.ts";
import { ftpFor, nlst, open, ReplyError } from "../../src/ftp/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { FtpServer } from "../fixtures/ftp_server.ts";
import { isInstalled } from "../fixtures/socket_child.ts";
import { RawServer } from "../fixtures/raw_server.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("nlst gives the names in a folder", async () => {
  await using server = await FtpServer.start();
  await Deno.mkdir(`${server.folder}/sub`);
  for (const name of ["a.txt", "b c", "größe"]) {
    await Deno.writeTextFile(`${server.folder}/sub/${name}`, "x");
  }
  assertEquals((await nlst(server.url("sub"))).sort(), [
    "a.txt",
    "b c",
    "größe",
  ]);
  assertEquals(await nlst(server.url()), ["sub"]);
  await assertRejects(() => nlst(server.url("none")), ReplyError);
});

/** A server that says so much in a session, and sends `list` for an NLST. */
function scripted(replies: Record<string, string>, list = ""): RawServer {
  const all: Record<string, string> = { USER: "230 in", ...replies };
  return new RawServer(async (peer) => {
    await peer.write("220 hi\r\n");
    await using data = new RawServer((peer) => peer.write(list));
    for (let line; (line = await peer.until("\r\n")) !== "";) {
      const verb = line.trim().split(" ")[0].toUpperCase();
      const epsv = `229 here (|||${data.port}|)`;
      const reply = all[verb] ??
        (verb === "EPSV"
          ? epsv
          : verb === "NLST"
          ? "150 go\r\n226 ok"
          : "200 ok");
      await peer.write(reply + "\r\n");
      if (verb === "BYE" || verb === "QUIT") return;
    }
  });
}

Deno.test("nlst gives names only, whatever a server puts before them or makes of them", async () => {
  const list =
    "dir/a\r\n./b\r\ndir/c\n..\r\n.\r\n/etc/passwd\r\n\r\ndir/..\r\nd\\e\r\nf";
  await using server = scripted({}, list);
  const url = `ftp://127.0.0.1:${server.port}/dir`;
  assertEquals(await nlst(url), ["a", "c", "f"]);
});

Deno.test("an open session does several transfers with one login", async () => {
  await using server = await FtpServer.start();
  await Deno.mkdir(`${server.folder}/sub`);
  await using session = await open(server.url("sub"));
  assertEquals(await session.put("one", "1"), 1);
  assertEquals(await session.put({ path: "two", source: "22" }), 2);
  assertEquals((await session.nlst()).sort(), ["one", "two"]);
  assertEquals((await session.list()).map(({ size }) => size).sort(), [1, 2]);
  assertEquals(text(await session.get("two")), "22");
  let tail = "";
  const sink = (chunk: Uint8Array) => void (tail += text(chunk));
  await session.get({ path: "two", sink, offset: 1 });
  assertEquals(tail, "2");
  await session.command({ command: "cwd", argument: ".." });
  assertEquals(await session.nlst(), ["sub"]);
  assertEquals(text(await session.get("sub/one")), "1");
});

Deno.test("a refusal leaves a session as it was", async () => {
  await using server = await FtpServer.start();
  await using session = await open(server.url());
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => session.get("none"), ReplyError);
    await assertRejects(() => session.put("none/x", "x"), ReplyError);
    const check = 299;
    await assertRejects(
      () => session.command({ command: "noop", check }),
      ReplyError,
    );
    assertEquals(await session.put("x", "x"), 1);
  }
});

Deno.test("after a failure of its own, and after its end, a session is closed", async () => {
  await using server = await FtpServer.start();
  await Deno.writeTextFile(`${server.folder}/x`, "x".repeat(1000));
  const mine = new RangeError("mine");
  const session = await open(server.url());
  const sink = () => Promise.reject(mine);
  const error = await session.get({ path: "x", sink }).catch((error) => error);
  assertEquals(error, mine);
  await assertRejects(() => session.list(), ClosedError, "session is closed");
  await session.close();

  const other = await open(server.url());
  await other.close();
  await other.close();
  await assertRejects(() => other.get("x"), ClosedError, "session is closed");
});

Deno.test("a session does one thing at a time, and close() breaks it off", async () => {
  await using server = await FtpServer.start();
  await Deno.writeTextFile(`${server.folder}/x`, "x".repeat(1000));
  const session = await open(server.url());
  const begun = Promise.withResolvers<void>();
  const never = Promise.withResolvers<void>();
  const sink = () => {
    begun.resolve();
    return never.promise;
  };
  const getting = session.get({ path: "x", sink });
  getting.catch(() => {});
  await begun.promise;
  await assertRejects(() => session.list(), Deno.errors.Busy, "something else");
  await session.close();
  await assertRejects(() => getting, ClosedError);
});

Deno.test("a call in a session ends by its own signal, and so does the session", async () => {
  await using server = await FtpServer.start();
  await Deno.writeTextFile(`${server.folder}/x`, "x".repeat(1000));
  const session = await open({ url: server.url() });
  const abort = new AbortController();
  const sink = () => abort.abort();
  const { signal } = abort;
  await assertRejects(() => session.get({ path: "x", sink, signal }));
  await assertRejects(() => session.list(), ClosedError);
});

Deno.test("a session may be idle for longer than its timeout; its calls may not", async () => {
  await using server = scripted({ SIZE: "" });
  const clock = new VirtualClock({ quiet: 0.05 });
  const copas = new Copas({ clock });
  const { port } = server;
  const session = await ftpFor(copas).open({
    host: "127.0.0.1",
    port,
    timeout: 7,
  });
  let outcome: unknown;
  copas.addthread(async () => {
    await copas.pause(100);
    outcome = await session.command({ command: "noop" })
      .catch((error) => error);
    await session.close();
  });
  await copas.loop();
  assertEquals(outcome, [200, "200 ok"]);
  assertEquals(Math.round(clock.now()), 100);
});

Deno.test("a server that ends an idle session is a ClosedError of the next call", async () => {
  await using server = scripted({ BYE: "221 bye" });
  const session = await open(`ftp://127.0.0.1:${server.port}`);
  await session.command({ command: "bye" });
  await server.ended;
  await assertRejects(() => session.get("x"), ClosedError);
});

Deno.test("what a call in a session is given names no server", async () => {
  await using server = await FtpServer.start();
  await using session = await open(server.url());
  // deno-lint-ignore no-explicit-any
  const wrong: any[] = [
    () => session.get({ host: "x", path: "x", sink() {} } as never),
    () => session.get({ path: "x" } as never),
    () => session.get(""),
    () => session.get(undefined as never),
    () => session.put("x", 5 as never),
    () => session.put({ path: "x", source: "", secure: false } as never),
    () => session.list("a\r\nDELE x"),
    () => session.nlst("a\r\nDELE x"),
    () => session.command({ command: "noop", user: "x" } as never),
  ];
  for (const call of wrong) await assertRejects(call, TypeError);
  assertEquals(await session.nlst(), []);
  await assertRejects(() => open({ url: "http://x" }), TypeError);
  await assertRejects(() => open(server.url("none")), ReplyError);
});

/** Takes a data connection up to its end, and resets it then. */
const RESETTING = `
import socket, struct
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
data, _ = server.accept()
while data.recv(100): pass
data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
data.close()`;

Deno.test({
  name:
    "a server that resets the data connection before it says why it refuses is heard",
  ignore: !await isInstalled("python3"),
  fn: async () => {
    const data = new Deno.Command("python3", {
      args: ["-c", RESETTING],
      stdout: "piped",
    }).spawn();
    const output = data.stdout.getReader();
    const port = text((await output.read()).value!).trim();
    await using server = new RawServer(async (peer) => {
      await peer.write("220 hi\r\n");
      for (let line; (line = await peer.until("\r\n")) !== "";) {
        const [verb] = line.trim().split(" ");
        if (verb === "USER") await peer.write("230 in\r\n");
        else if (verb === "EPSV") {
          await peer.write(`229 here (|||${port}|)\r\n`);
        } else if (verb === "STOR") {
          await peer.write("150 go\r\n");
          await data.status;
          // The reset comes to the client first.
          for (let i = 0; i < 20; i++) await turn();
          await peer.write("550 no room\r\n").catch(() => {});
        } else await peer.write("200 ok\r\n");
      }
    });
    await using session = await open(`ftp://127.0.0.1:${server.port}/`);
    const error = await assertRejects(() => session.put("x", "xx"), ReplyError);
    assertEquals(error.reply, 550);
    const [code] = await session.command({ command: "noop", check: 200 });
    assertEquals(code, 200);
    await output.cancel();
  },
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import {
  CancelledError,
  ClosedError,
  CopasError,
  HandshakeError,
  TimeoutError,
  TooLongError,
} from "../../src/errors/errors.ts";
import { command, ftpFor, get, put, ReplyError } from "../../src/ftp/mod.ts";
import type { Progress } from "../../src/ftp/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { FtpServer } from "../fixtures/ftp_server.ts";
import { closedPort, RawServer } from "../fixtures/raw_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";
import { pattern, same } from "../fixtures/socket_pair.ts";

Deno.test("a file that was put can be got, byte for byte", async () => {
  await using server = await FtpServer.start();
  const data = pattern(1_000_003);
  assertEquals(await put(server.url("a%20b.bin"), data), data.length);
  assert(same(await Deno.readFile(`${server.folder}/a b.bin`), data));
  assert(same(await get(server.url("a%20b.bin")), data));
});

Deno.test("an empty file, and text", async () => {
  await using server = await FtpServer.start();
  assertEquals(await put(server.url("empty"), ""), 0);
  assertEquals((await get(server.url("empty"))).length, 0);
  await put(server.url("text;type=a"), "grüß\r\n");
  const bytes = await get(server.url("text;type=a"));
  assertEquals(new TextDecoder().decode(bytes), "grüß\r\n");
});

Deno.test("user and password come from the URL, and never get into a message", async () => {
  await using server = await FtpServer.start();
  const url = (password: string) =>
    server.url("x").replace("//", `//me:${password}@`);
  await put(url("s%3Acret"), "content");
  const error = await assertRejects(() => get(url("wr0ng")), ReplyError);
  assertEquals([error.code, error.reply], ["refused", 530]);
  assert(error.message.startsWith(`Cannot get ${server.url("x")}: `));
  assert(!Deno.inspect(error).includes("wr0ng"), Deno.inspect(error));
});

Deno.test("parameters say what a URL does, and streams carry the content", async () => {
  await using server = await FtpServer.start();
  const target = { host: "127.0.0.1", port: server.port, path: "f" };
  const steps: Progress[] = [];
  const step = (_chunk: Uint8Array, progress: Progress) =>
    void steps.push(progress);
  const source = async function* () {
    yield "abc";
    yield new Uint8Array([100]);
  }();
  const count = await put({
    ...target,
    source,
    step,
    user: "me",
    password: "s:cret",
  });
  assertEquals(count, 4);
  assertEquals(steps.at(-1), { sent: 4, received: 0 });
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  const text = new Response(readable).text();
  assertEquals(await get({ ...target, sink: writable, step }), 1);
  assertEquals(await text, "abcd");
  assertEquals(steps.at(-1), { sent: 0, received: 4 });
});

Deno.test("a file that is not there is a ReplyError with the server's reply", async () => {
  await using server = await FtpServer.start();
  const error = await assertRejects(() => get(server.url("none")), ReplyError);
  assertEquals(error.reply, 551);
  assert(error.text.startsWith("551 "), error.text);
});

Deno.test("commands are done in one session, and their replies checked", async () => {
  await using server = await FtpServer.start();
  const url = server.url();
  const [code] = await command({ url, command: "noop" });
  assertEquals(code, 200);
  await command({
    url,
    command: ["mkd", "cwd", "mkd"],
    argument: ["one", "one", "two"],
    check: "2..",
  });
  assert((await Deno.stat(`${server.folder}/one/two`)).isDirectory);
  for (const check of [undefined, "2..", 250]) {
    const params = { url, command: "dele", argument: "none", check };
    await assertRejects(() => command(params), ReplyError);
  }
  const [refused] = await command({
    url,
    command: "dele",
    argument: "x",
    check: "...",
  });
  assertEquals(refused, 550);
});

Deno.test("a wrong argument is refused before anything is sent", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const url = `ftp://127.0.0.1:${server.port}/x`;
  const evil = "x\r\nDELE y";
  const source = "";
  const sink = () => {};
  // deno-lint-ignore no-explicit-any
  const calls: (() => Promise<any>)[] = [
    () => get("http://127.0.0.1/"),
    () => get(url + "%0d%0aDELE%20y"),
    () => get(url + "\r\nDELE y"),
    () => get(url + ";type=x"),
    () => get(url.slice(0, -1)),
    () => get({ url, sink, path: evil }),
    () => get({ url, sink, user: evil }),
    () => get({ url, sink, password: evil }),
    () => get({ sink, path: "x" }),
    () => get({ url } as never),
    () => get({ url, sink, host: "a b" }),
    () => get({ url, sink, port: 0 }),
    () => get({ url, sink, secure: true as never }),
    () => get({ url, sink, unknown: 1 } as never),
    () => put(url, 5 as never),
    () => put({ url, source, timeout: "1" as never }),
    () => put({ url: url + "%0a", source }),
    () => command({ url, command: evil }),
    () => command({ url, command: "dele", argument: evil }),
    () => command({ url, command: [] }),
    () => command({ url, command: "noop", check: "abc" }),
  ];
  for (const call of calls) {
    const error = await assertRejects(call) as Error;
    const isRight = error instanceof TypeError || error instanceof RangeError;
    assert(isRight, `${call}: ${Deno.inspect(error)}`);
    assert(!error.message.includes("\n"), error.message);
  }
  assertEquals(server.count, 0);
});

Deno.test("a refused connection is Deno's, a server that hangs up is a ClosedError", async () => {
  const url = `ftp://127.0.0.1:${closedPort()}/x`;
  await assertRejects(() => get(url), Deno.errors.ConnectionRefused);
  for (const text of ["", "220 hi\r\n", "220-hi\r\n"]) {
    await using server = new RawServer((peer) => peer.write(text));
    const url = `ftp://127.0.0.1:${server.port}/x`;
    await assertRejects(() => get(url), ClosedError);
  }
});

/** Answers every command as a server does, up to the data. */
function scripted(replies: Record<string, string>, port: number): RawServer {
  const all: Record<string, string> = {
    USER: "331 password",
    PASS: "230 in",
    TYPE: "200 ok",
    EPSV: `229 here (|||${port}|)`,
    RETR: "150 it comes",
    ...replies,
  };
  return new RawServer(async (peer) => {
    await peer.write("220 hi\r\n");
    for (let line; (line = await peer.until("\r\n")) !== "";) {
      const reply = all[line.trim().split(" ")[0]];
      if (reply !== undefined) await peer.write(reply + "\r\n");
    }
  });
}

Deno.test("whatever an FTP server fails with is one of the documented classes", async () => {
  await using data = new RawServer((peer) => peer.gone());
  const long = "x".repeat(70_000);
  // deno-lint-ignore no-explicit-any
  const cases: [Record<string, string>, any, number?][] = [
    [{ EPSV: "500 no", PASV: "502 not here" }, ReplyError, 502],
    [{ EPSV: "229 odd", PASV: "227 odd" }, Deno.errors.InvalidData],
    [{ EPSV: "229 (|||99999|)", PASV: "227 odd" }, Deno.errors.InvalidData],
    [{ EPSV: "500 x", PASV: "227 (10,0,0,1,4,1)" }, Deno.errors.InvalidData],
    [{ USER: "331 " + long }, TooLongError],
    [{ RETR: "550 " + long, STOR: "550 " + long }, TooLongError],
    [{ USER: "332 account" }, ReplyError, 332],
    [{ RETR: "350 " + long.slice(0, 6000), STOR: "553 no" }, CopasError],
  ];
  for (const [replies, type, code] of cases) {
    await using server = scripted(replies, data.port);
    const url = `ftp://127.0.0.1:${server.port}/x`;
    for (const call of [() => get(url), () => put(url, "x")]) {
      const error = await assertRejects(call) as Error;
      assert(error instanceof type, `${Deno.inspect(replies)}: ${error}`);
      assertEquals(
        (error as ReplyError).reply,
        code ?? (error as ReplyError).reply,
      );
      assert(error.message.length < 1000, error.message);
    }
  }
});

Deno.test("a greeting 120 is followed by the real one, and a reply may come in pieces", async () => {
  await using server = new RawServer(async (peer) => {
    for (const piece of ["120 lat", "er\r\n2", "20", " hi\r\n"]) {
      await peer.write(piece);
      await turn();
    }
    await peer.until("\r\n");
    await peer.write("530 no");
    await turn();
    await peer.write("body\r\n");
    await peer.gone();
  });
  const url = `ftp://127.0.0.1:${server.port}/x`;
  const error = await assertRejects(() => get(url), ReplyError);
  assertEquals(error.text, "530 nobody");
});

Deno.test("a stall is given up after the timeout, wherever it is", async () => {
  await using data = new RawServer(async (peer) => {
    await peer.write("some");
    await peer.gone();
  });
  for (const [verb, reply] of [["PASS", ""], ["RETR", ""], ["", ""]]) {
    const replies = verb === "" ? {} : { [verb]: reply };
    await using server = scripted(replies, data.port);
    const clock = new VirtualClock({ quiet: 0.05 });
    const url = `ftp://127.0.0.1:${server.port}/x`;
    const error = await assertRejects(
      () =>
        ftpFor(new Copas({ clock })).get({ url, sink: () => {}, timeout: 7 }),
      TimeoutError,
    );
    assert(error.message.includes(`Cannot get ${url}: `), error.message);
    assertEquals(Math.round(clock.now()), 7);
  }
});

Deno.test("a transfer may take longer than the control connection's timeout", async () => {
  const clock = new VirtualClock({ quiet: 0.05 });
  const copas = new Copas({ clock });
  await using server = await FtpServer.start();
  const source = async function* () {
    yield "a";
    await copas.pause(100);
    yield "b";
  }();
  const params = { url: server.url("slow"), source, timeout: 20 };
  assertEquals(await ftpFor(copas).put(params), 2);
});

Deno.test("step() alone drives a transfer; removethread ends one and frees both connections", async () => {
  const copas = new Copas();
  await using good = await FtpServer.start();
  await Deno.writeTextFile(`${good.folder}/x`, "content");
  let length = 0;
  copas.addthread(async () => {
    length = (await ftpFor(copas).get(good.url("x"))).length;
  });
  while (!copas.finished()) await copas.step(0.01);
  assertEquals(length, 7);

  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using data = new RawServer(async (peer) => {
    await peer.write("some");
    asked.resolve();
    await peer.gone();
    gone.resolve();
  });
  await using server = scripted({}, data.port);
  const url = `ftp://127.0.0.1:${server.port}/x`;
  let error: unknown;
  const task = copas.addthread(async () => {
    try {
      await ftpFor(copas).get(url);
    } catch (caught) {
      error = caught;
    }
  });
  asked.promise.then(() => copas.removethread(task));
  await copas.loop();
  assert(error instanceof CancelledError, String(error));
  await gone.promise;
});

Deno.test("an error of source or sink reaches the caller as it is", async () => {
  await using server = await FtpServer.start();
  await Deno.writeTextFile(`${server.folder}/x`, "content");
  const mine = new RangeError("mine");
  const fail = () => {
    throw mine;
  };
  const source = async function* () {
    yield "a";
    await Promise.reject(mine);
  }();
  const got = await get({ url: server.url("x"), sink: fail }).catch((e) => e);
  assertEquals(got, mine);
  const given = await put(server.url("y"), source).catch((e) => e);
  assertEquals(given, mine);
});

// Uploads are missing here: this server, on Deno's node:tls, does not always
// notice the end of one.
tlsTest(
  "with explicit TLS, commands and data are secured",
  async ({ localhost, trust }) => {
    await using server = await FtpServer.start({ tls: localhost });
    const { port } = server;
    const target = { host: "localhost", port, secure: "explicit" } as const;
    const data = pattern(200_000);
    await Deno.writeFile(`${server.folder}/x`, data);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const sink = (chunk: Uint8Array<ArrayBuffer>) => void chunks.push(chunk);
    const params = { ...target, path: "x", sink };
    await get({ ...params, sslparams: trust });
    assert(same(await new Blob(chunks).bytes(), data));
    await assertRejects(() => get(params), HandshakeError);
  },
);

tlsTest(
  "with implicit TLS, the handshake comes first",
  async ({ localhost, trust }) => {
    await using server = await FtpServer.start({
      tls: localhost,
      scheme: "ftps",
    });
    const url = `ftps://localhost:${server.port}`;
    const params = { url, command: "noop", timeout: 10 };
    assertEquals((await command({ ...params, sslparams: trust }))[0], 200);
    await assertRejects(() => command(params), HandshakeError);
  },
);

Deno.test("explicit TLS that the server has not got lets no user log in", async () => {
  let commands = "";
  await using server = new RawServer(async (peer) => {
    await peer.write("220-hi\r\n you\r\n220 there\r\n");
    commands += await peer.until("\r\n");
    await peer.write("502 no\r\n");
    commands += await peer.gone();
  });
  const url = `ftp://127.0.0.1:${server.port}/x`;
  const error = await assertRejects(
    () => get({ url, sink: () => {}, secure: "explicit" }),
    ReplyError,
  );
  assertEquals([error.reply, commands], [502, "AUTH TLS\r\n"]);
});

Deno.test("an FTP server's endless replies are bounded", async () => {
  for (const filler of ["\r\n", "220-x\r\n", "x"]) {
    let written = 0;
    await using server = new RawServer(async (peer) => {
      const data = filler.repeat(32768 / filler.length);
      for (; written < 1500; written++) await peer.write(data);
    });
    await assertRejects(
      () => get(`ftp://127.0.0.1:${server.port}/file`),
      TooLongError,
    );
    await server.ended;
    assert(written < 1500);
  }
});

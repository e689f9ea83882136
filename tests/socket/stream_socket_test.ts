// What a stream socket tells about itself, its options, and its lines.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { ClosedError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, tcpPair, unixPair } from "../fixtures/socket_pair.ts";
import {
  bytes,
  scripted,
  ScriptedConn,
  text,
} from "../fixtures/socket_script.ts";

Deno.test("getpeername and getsockname tell address, port and family", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  const theirs = pair.theirs.localAddr as Deno.NetAddr;
  const ours = pair.ours.localAddr as Deno.NetAddr;
  assertEquals(skt.getpeername(), ["127.0.0.1", theirs.port, "inet"]);
  assertEquals(skt.getsockname(), ["127.0.0.1", ours.port, "inet"]);
  assertEquals(skt.name, `tcp{client}: 127.0.0.1:${theirs.port}`);
});

Deno.test("an IPv6 address is told as one", () => {
  const { conn } = scripted();
  Object.assign(conn.remoteAddr, { hostname: "2001:db8::1", port: 80 });
  const skt = dispatcher().wrap(conn.conn);
  assertEquals(skt.getpeername(), ["2001:db8::1", 80, "inet6"]);
  assertEquals(skt.name, "tcp{client}: [2001:db8::1]:80");
});

Deno.test("a Unix socket carries lines both ways, and tells its path", async () => {
  using pair = await unixPair();
  const copas = dispatcher();
  const [ours, theirs] = [copas.wrap(pair.ours), copas.wrap(pair.theirs)];
  await theirs.send("ping\n");
  assertEquals(await ours.receive(), "ping");
  await ours.send("pong\n");
  assertEquals(await theirs.receive(), "pong");
  const [path, port, family] = theirs.getpeername();
  assertMatch(path, /\/s$/);
  assertEquals([port, family], [0, "unix"]);
  assertEquals(ours.getsockname(), [path, 0, "unix"]);
  // The end that connected has no path.
  assertEquals(ours.getpeername(), ["", 0, "unix"]);
  assertEquals(theirs.name, `unix{client}: ${path}`);
  assertEquals(ours.name, "unix{client}");
});

Deno.test("a socket may wrap what works on another socket", async () => {
  const { copas, conn, skt: inner } = scripted();
  const filter = new ScriptedConn();
  filter.read = async (into) =>
    (await inner.receivepartial(into as Uint8Array<ArrayBuffer>))?.length ??
      null;
  filter.write = (data) => inner.send(data);
  const outer = copas.wrap(filter.conn);
  const got: (string | null)[] = [];
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) {
      await outer.send(`line ${i}\n`);
      got.push(await outer.receive());
    }
    await outer.close();
    await inner.close();
  });
  conn.feed("one\n", "two\n", "three\n");
  await copas.loop();
  assertEquals(got, ["one", "two", "three"]);
  assertEquals(text(conn.written), "line 0\nline 1\nline 2\n");
});

Deno.test("a socket has the name that it was given", () => {
  const { copas, skt } = scripted({ name: "backend" });
  assertEquals([skt.name, `${skt}`, copas.getsocketname(skt)], [
    "backend",
    "backend",
    "backend",
  ]);
  skt.name = "other";
  assertEquals(copas.getsocketname(skt), "other");
  copas.setsocketname("third", skt);
  assertEquals(skt.name, "third");
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => skt.name = 5 as any,
    TypeError,
    "must be a string, got 5",
  );
  assertEquals(skt.name, "third");
});

Deno.test("getstats counts what was received and sent by its user, and the age", async () => {
  const { clock, conn, skt } = scripted();
  assertEquals(skt.getstats(), [0, 0, 0]);
  await skt.send("hello");
  assertEquals(skt.getstats(), [0, 5, 0]);
  conn.feed("line\nrest");
  assertEquals(await skt.receive(), "line");
  assertEquals(skt.getstats(), [5, 5, 0]);
  await assertRejects(() => skt.receive("*l", { timeout: 2.5 }));
  assertEquals(skt.getstats(), [5, 5, 2.5]);
  assertEquals(await skt.receivepartial(3), bytes("res"));
  await clock.advance(1);
  assertEquals(skt.getstats(), [8, 5, 3.5]);
  assertEquals(dispatcher().socket.tcp().getstats(), [0, 0, 0]);
});

Deno.test("TCP sockets start with tcp-nodelay on", () => {
  const conn = new ScriptedConn();
  const set: [string, boolean][] = [];
  Object.assign(conn, {
    setNoDelay: (on: boolean) => set.push(["nodelay", on]),
    setKeepAlive: (on: boolean) => set.push(["keepalive", on]),
  });
  const skt = dispatcher().wrap(conn.conn);
  assertEquals(set, [["nodelay", true]]);
  skt.setoption("tcp-nodelay", false);
  skt.setoption("keepalive", true);
  assertEquals(set.slice(1), [["nodelay", false], ["keepalive", true]]);
});

Deno.test("options are set on a real socket", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  skt.setoption("tcp-nodelay", false);
  skt.setoption("tcp-nodelay", true);
  skt.setoption("keepalive", true);
  skt.setoption("keepalive", false);
  await skt.close();
});

Deno.test("a wrong option is named, and so is what there is", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  // deno-lint-ignore no-explicit-any
  const setoption = (name: any, value: any) => skt.setoption(name, value);
  assertThrows(
    () => setoption("linger", true),
    TypeError,
    'setoption(): the name must be "tcp-nodelay" or "keepalive", got "linger"',
  );
  assertThrows(() => setoption("toString", true), TypeError, "the name");
  assertThrows(
    () => setoption("keepalive", 1),
    TypeError,
    "setoption(): the value must be a boolean, got 1",
  );
  using unix = await unixPair();
  assertThrows(
    () => dispatcher().wrap(unix.ours).setoption("tcp-nodelay", true),
    Deno.errors.NotSupported,
    "has no option tcp-nodelay; only TCP has",
  );
});

Deno.test("the lines of a socket, until the end of the stream", async () => {
  const { conn, skt } = scripted();
  conn.feed("one\r\ntwo\n", "\nfo", "ur\n").end();
  const lines: string[] = [];
  for await (const line of skt) lines.push(line);
  assertEquals(lines, ["one", "two", "", "four"]);
  assertEquals(skt.closed, false);
});

Deno.test("a last line without its end is an error: a cut command must not be obeyed", async () => {
  const { conn, skt } = scripted();
  conn.feed("SAVE a\nDELETE /tm").end();
  const lines: string[] = [];
  const error = await assertRejects(async () => {
    for await (const line of skt) lines.push(line);
  }, ClosedError);
  assertEquals(lines, ["SAVE a"]);
  assertEquals(text(error.partial), "DELETE /tm");
});

Deno.test("leaving the lines leaves the socket open, and the rest in it", async () => {
  const { conn, skt } = scripted();
  conn.feed("header\n\nbody").end();
  for await (const line of skt) if (line === "") break;
  assertEquals(await skt.receive("*a"), "body");
  for await (const line of skt) assertEquals(line, "never");
});

Deno.test("the lines end with an error when the socket is closed under them", async () => {
  const { conn, skt } = scripted();
  conn.feed("one\n");
  await assertRejects(async () => {
    for await (const _ of skt) skt.close();
  }, ClosedError);
});

Deno.test("two can share the lines", async () => {
  const { copas, conn, skt } = scripted();
  const got: string[][] = [[], []];
  for (const lines of got) {
    copas.addthread(async () => {
      for await (const line of skt) {
        lines.push(line);
        await copas.pause();
      }
    });
  }
  conn.feed(Array.from({ length: 20 }, (_, i) => `${i}\n`).join("")).end();
  await copas.loop();
  assert(got[0].length > 5 && got[1].length > 5);
  assertEquals(
    got.flat().map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  );
});

Deno.test("`await using` closes the socket when what was sent is out", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const block = (async () => {
    await using _ = skt;
    await skt.send("bye");
  })();
  await turn();
  assertEquals([skt.closed, conn.closes], [true, 0]);
  conn.release();
  await block;
  assertEquals(conn.closes, 1);
});

Deno.test("`await using` does not hide the block's own error behind one of the close", async () => {
  const { copas, conn, skt } = scripted();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  conn.break(new Deno.errors.BrokenPipe("gone"));
  await assertRejects(
    async () => {
      await using _ = skt;
      await skt.send("lost");
      throw new RangeError("the block's own");
    },
    RangeError,
    "the block's own",
  );
  assertEquals(conn.closes, 1);
  await turn();
  assertEquals(errors.length, 1);
  assertInstanceOf(errors[0], ClosedError);
  assertEquals([errors[0].sent, errors[0].left], [0, 4]);
});

Deno.test("`using` closes the socket; what was sent still arrives", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  {
    using skt = copas.wrap(pair.ours);
    await skt.send("bye\n");
  }
  await copas.loop();
  assertEquals(await readText(pair.theirs), "bye\n");
});

// The dispatcher's own functions, on connections of Deno's and on Copas sockets.

import {
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { DatagramSocket } from "../../src/socket/datagram_socket.ts";
import { StreamSocket } from "../../src/socket/stream_socket.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, tcpPair, unixPair, write } from "../fixtures/socket_pair.ts";
import {
  bytes,
  scripted,
  ScriptedConn,
  text,
} from "../fixtures/socket_script.ts";

Deno.test("wrap gives the same socket whenever it is asked, whatever it is given", async () => {
  for (const pair of [await tcpPair(), await unixPair()]) {
    using _ = pair;
    const copas = dispatcher();
    const skt = copas.wrap(pair.ours);
    assertInstanceOf(skt, StreamSocket);
    assertStrictEquals(copas.wrap(pair.ours), skt);
    assertStrictEquals(copas.wrap(skt), skt);
    assertNotStrictEquals(copas.wrap(pair.theirs), skt);
    await skt.close();
  }
});

Deno.test("wrap knows a datagram socket", () => {
  const copas = dispatcher();
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const skt = copas.wrap(conn);
  assertInstanceOf(skt, DatagramSocket);
  assertStrictEquals(copas.wrap(conn), skt);
  skt.close();
});

Deno.test("a connection has a socket of its own in each dispatcher, and so has one that inherits from it", () => {
  const { copas, conn: { conn }, skt } = scripted();
  const heir: Deno.Conn = Object.create(conn);
  const theirs = copas.wrap(heir);
  assertNotStrictEquals(theirs, skt);
  assertStrictEquals(copas.wrap(heir), theirs);
  assertNotStrictEquals(dispatcher().wrap(conn), skt);
  assertStrictEquals(copas.wrap(conn), skt);
});

Deno.test("a connection that can't be changed is wrapped once, too", () => {
  const copas = dispatcher();
  const conn = Object.freeze(Object.create(new ScriptedConn())) as Deno.Conn;
  assertStrictEquals(copas.wrap(conn), copas.wrap(conn));
});

Deno.test("options for what was wrapped before are refused, not ignored", () => {
  const { copas, conn, skt } = scripted({ name: "first", maxline: 5 });
  for (const again of [conn.conn, skt]) {
    assertThrows(
      () => copas.wrap(again, { maxline: 9 }),
      TypeError,
      "wrap(): first is a Copas socket already, so maxline would have no effect",
    );
    assertStrictEquals(copas.wrap(again), skt);
  }
  assertEquals(skt.name, "first");
});

Deno.test("the dispatcher's functions take Deno's connection as well as the socket", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const conn = pair.ours;
  const skt = copas.wrap(conn);
  for (const either of [conn, skt]) {
    await write(pair.theirs, "line\n12345partialthe rest");
    assertEquals(await copas.receive(either), "line");
    assertEquals(await copas.receive(either, 5), bytes("12345"));
    assertEquals(text(await copas.receivepartial(either, 7)), "partial");
    assertEquals(await copas.receivepartial(either, "*a"), "the rest");
    assertEquals(await copas.send(either, "answer"), 6);
    await copas.flush(either);
    assertEquals(await readText(pair.theirs, 6), "answer");
    copas.settimeout(either, 7);
    assertEquals(skt.timeouts.receive, 7);
    copas.settimeouts(either, 1, 2, 3);
    assertEquals(skt.timeouts, { connect: 1, send: 2, receive: 3 });
    copas.setsocketname("named", either);
    assertEquals(copas.getsocketname(either), "named");
  }
  await assertRejects(
    () => copas.receive(conn, "*l", { timeout: 0.5 }),
    TimeoutError,
  );
  await pair.theirs.closeWrite();
  assertEquals(await copas.receive(conn, "*a"), "");
  await copas.close(conn);
  assertEquals(skt.closed, true);
  await assertRejects(() => copas.receive(conn), ClosedError);
  await copas.close(skt);
});

Deno.test("copas.connect connects a socket", async () => {
  const copas = dispatcher();
  using listener = copas.socket.bind("127.0.0.1", 0);
  const skt = copas.socket.tcp();
  const { port } = listener.addr;
  assertStrictEquals(await copas.connect(skt, "127.0.0.1", port), skt);
  (await listener.accept()).close();
  assertEquals(await copas.receive(skt), null);
  await copas.close(skt);
});

Deno.test("a listener has a name and timeouts, too", () => {
  const copas = dispatcher();
  using listener = copas.socket.bind("127.0.0.1", 0);
  const { port } = listener.addr;
  assertEquals(copas.getsocketname(listener), `tcp{server}: 127.0.0.1:${port}`);
  copas.setsocketname("web", listener);
  assertEquals(copas.getsocketname(listener), "web");
  copas.settimeout(listener, 5);
  copas.settimeouts(listener, 1);
});

Deno.test("sockets of two dispatchers are apart", async () => {
  using pair = await tcpPair();
  const [a, b] = [dispatcher(), dispatcher()];
  const [ours, theirs] = [a.wrap(pair.ours), b.wrap(pair.theirs)];
  await ours.send("hello\n");
  assertEquals(await theirs.receive(), "hello");
  assertNotStrictEquals(a.wrap(pair.theirs), theirs);
  await ours.close();
  await theirs.close();
});

Deno.test("what is no socket is named, in every function", () => {
  const copas = dispatcher();
  // deno-lint-ignore no-explicit-any
  const any = copas as any;
  using listener = copas.socket.bind("127.0.0.1", 0);
  const calls: [string, () => unknown][] = [
    ["wrap()", () => any.wrap(undefined)],
    ["wrap()", () => any.wrap(listener)],
    ["receive()", () => any.receive({})],
    ["receivepartial()", () => any.receivepartial(null)],
    ["receivefrom()", () => any.receivefrom("udp")],
    ["send()", () => any.send(5, "x")],
    ["sendto()", () => any.sendto({}, "x", "127.0.0.1", 9)],
    ["connect()", () => any.connect({}, "127.0.0.1", 9)],
    ["flush()", () => any.flush({})],
    ["close()", () => any.close({})],
    ["dohandshake()", () => any.dohandshake({})],
    ["settimeout()", () => any.settimeout({}, 5)],
    ["settimeouts()", () => any.settimeouts({}, 5)],
    ["setsocketname()", () => any.setsocketname("x", {})],
    ["getsocketname()", () => any.getsocketname({})],
  ];
  for (const [name, call] of calls) {
    assertThrows(
      call,
      TypeError,
      `${name}: the socket must be a Deno.Conn, a Deno.DatagramConn or a Copas socket, got `,
      name,
    );
  }
  assertThrows(
    () => any.setsocketname(5, listener),
    TypeError,
    "setsocketname(): the name must be a string, got 5",
  );
});

Deno.test("a socket of the other kind is named, too", () => {
  const { copas, skt } = scripted();
  const udp = copas.socket.udp();
  // deno-lint-ignore no-explicit-any
  const any = copas as any;
  for (const call of ["receivepartial", "flush", "connect", "dohandshake"]) {
    assertThrows(
      () => any[call](udp, "127.0.0.1", 9),
      TypeError,
      `${call}(): the socket must be a stream socket, got DatagramSocket`,
    );
  }
  for (const call of ["receivefrom", "sendto"]) {
    assertThrows(
      () => any[call](skt, "x", "127.0.0.1", 9),
      TypeError,
      `${call}(): the socket must be a datagram socket, got StreamSocket`,
    );
  }
});

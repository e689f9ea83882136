// The datagram socket.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { pair } from "../fixtures/datagram_pair.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { bytes, text } from "../fixtures/socket_script.ts";

const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

Deno.test("a datagram comes with the address of its sender", async () => {
  using sockets = pair();
  const { a, b, send, portOf } = sockets;
  assertEquals(await send("grüße"), 7);
  const [data, ip, port] = await b.receivefrom();
  assertEquals([text(data), ip, port], ["grüße", "127.0.0.1", portOf(a)]);
  assertEquals(await b.sendto(bytes([0, 255]), ip, port), 2);
  assertEquals(await a.receive(), bytes([0, 255]));
});

Deno.test("datagrams come in order, one a receive, each its own", async () => {
  using sockets = pair();
  const { b, send } = sockets;
  for (let i = 0; i < 20; i++) await send(`${i}`);
  const got: Uint8Array[] = [];
  for (let i = 0; i < 20; i++) got.push(await b.receive());
  assertEquals(got.map(text), Array.from({ length: 20 }, (_, i) => `${i}`));
});

Deno.test("a longer datagram is cut to the size, and its rest is lost", async () => {
  using sockets = pair();
  const { b, send } = sockets;
  for (let i = 0; i < 3; i++) await send("0123456789");
  await send("next");
  assertEquals(text(await b.receive(4)), "0123");
  assertEquals(text((await b.receivefrom(10))[0]), "0123456789");
  assertEquals(text(await b.receive(0)), "");
  assertEquals(text(await b.receive(1000)), "next");
});

Deno.test("a datagram fills a buffer as far as it goes, and its rest is lost", async () => {
  using sockets = pair();
  const { b, send } = sockets;
  for (const data of ["0123456789", "ab", ""]) await send(data);
  const buffer = new Uint8Array(4);
  const [first] = await b.receivefrom(buffer);
  assertEquals([text(first), first.buffer], ["0123", buffer.buffer]);
  assertEquals(text(await b.receive(buffer)), "ab");
  assertEquals(text(buffer), "ab23");
  assertEquals((await b.receive(buffer)).length, 0);
});

Deno.test("a buffer that is gone fails its own receive, and the next one gets the datagram", async () => {
  using sockets = pair();
  const { b, send } = sockets;
  const buffer = new Uint8Array(4);
  const [gone, next] = [b.receive(buffer), b.receive()];
  structuredClone(buffer, { transfer: [buffer.buffer] });
  await send("data");
  await assertRejects(() => gone, TypeError, "detached");
  assertEquals(text(await next), "data");
});

Deno.test("the size is 8192 unless told otherwise", async () => {
  using sockets = pair();
  const { b, send } = sockets;
  await send(new Uint8Array(10_000));
  await send(new Uint8Array(65_507));
  assertEquals((await b.receive()).length, 8192);
  assertEquals((await b.receive(100_000)).length, 65_507);
});

Deno.test("an empty datagram is one, and not the end", async () => {
  using sockets = pair();
  const { a, b, send, portOf } = sockets;
  assertEquals(await send(""), 0);
  assertEquals(await b.receivefrom(), [
    new Uint8Array(0),
    "127.0.0.1",
    portOf(a),
  ]);
});

Deno.test("a datagram that is longer than UDP carries is refused, and the socket works on", async () => {
  using sockets = pair();
  const { b, send, portOf } = sockets;
  await assertRejects(
    () => send(new Uint8Array(65_508)),
    Error,
    `Cannot send to 127.0.0.1:${portOf(b)}: Message too long`,
  );
  await send("fits");
  assertEquals(text(await b.receive()), "fits");
});

Deno.test("with a peer, send goes to it, and only what comes from it is received", async () => {
  using sockets = pair();
  const { copas, a, b, portOf } = sockets;
  using stranger = copas.socket.udp();
  stranger.setsockname("127.0.0.1", 0);
  b.setpeername("127.0.0.1", portOf(a));
  assertEquals(b.getpeername(), ["127.0.0.1", portOf(a), "inet"]);
  const waiting = b.receive();
  await stranger.sendto("from a stranger", "127.0.0.1", portOf(b));
  await stranger.sendto("again", "127.0.0.1", portOf(b));
  await a.sendto("from the peer", "127.0.0.1", portOf(b));
  assertEquals(text(await waiting), "from the peer");
  assertEquals(await b.send("to the peer"), 11);
  assertEquals(text(await a.receive()), "to the peer");
});

Deno.test('setpeername("*") takes the peer back', async () => {
  using sockets = pair();
  const { copas, a, b, portOf } = sockets;
  using stranger = copas.socket.udp();
  b.setpeername("127.0.0.1", portOf(a));
  b.setpeername("*");
  await stranger.sendto("hello", "127.0.0.1", portOf(b));
  assertEquals(text(await b.receive()), "hello");
  await assertRejects(
    () => b.send("to whom?"),
    ClosedError,
    "has no peer; use setpeername() or sendto()",
  );
  assertThrows(() => b.getpeername(), ClosedError, "has no peer");
});

Deno.test("a peer is known in every form of its address", {
  ignore: !hasIpv6,
}, async () => {
  using sockets = pair("::1");
  const { a, b, send, portOf } = sockets;
  b.setpeername("0:0:0:0:0:0:0:1", portOf(a));
  assertEquals(b.getpeername()[2], "inet6");
  await send("hello");
  assertEquals(text(await b.receive()), "hello");

  // A socket for both families tells IPv4 senders in the form of IPv6.
  using both = sockets.copas.socket.udp();
  both.setsockname("::", 0);
  using old = sockets.copas.socket.udp();
  old.setsockname("127.0.0.1", 0);
  both.setpeername("127.0.0.1", portOf(old));
  await old.sendto("from IPv4", "127.0.0.1", portOf(both));
  assertEquals(text(await both.receive()), "from IPv4");
});

Deno.test("IPv6 works", { ignore: !hasIpv6 }, async () => {
  using sockets = pair("::1");
  const { a, b, send, portOf } = sockets;
  await send("hello");
  const [data, ip, port] = await b.receivefrom();
  assertEquals([text(data), ip, port], ["hello", "::1", portOf(a)]);
  assertEquals(b.getsockname(), ["::1", portOf(b), "inet6"]);
  using unbound = sockets.copas.socket.udp();
  await unbound.sendto("from anywhere", "::1", portOf(b));
  assertEquals(text(await b.receive()), "from anywhere");
});

Deno.test("a socket without an address gets one when it sends", async () => {
  using sockets = pair();
  const { copas, b, portOf } = sockets;
  using skt = copas.socket.udp();
  await assertRejects(
    () => skt.receive(),
    ClosedError,
    "receive(): the socket has no address yet; use setsockname() or sendto() first",
  );
  assertThrows(() => skt.getsockname(), ClosedError, "no address yet");
  await skt.sendto("hello", "127.0.0.1", portOf(b));
  const [ip, port, family] = skt.getsockname();
  assertEquals([ip, family], ["0.0.0.0", "inet"]);
  assertEquals(skt.name, `udp: 0.0.0.0:${port}`);
  assertEquals((await b.receivefrom())[2], port);
  assertThrows(
    () => skt.setsockname("127.0.0.1", 0),
    TypeError,
    "setsockname(): the socket is bound already",
  );
});

Deno.test("an address that is taken is told with what would be right", () => {
  using sockets = pair();
  const { copas, b, portOf } = sockets;
  const skt = copas.socket.udp();
  assertThrows(
    () => skt.setsockname("127.0.0.1", portOf(b)),
    Deno.errors.AddrInUse,
    `Cannot bind 127.0.0.1:${portOf(b)}: the address is in use`,
  );
  skt.setsockname("*", 0); // it may try again
  assertEquals(skt.getsockname()[0], "0.0.0.0");
  skt.close();
});

Deno.test("a peer that is not there is not noticed, and does not disturb", async () => {
  using sockets = pair();
  const { a, b, send, portOf } = sockets;
  const port = portOf(b);
  b.close();
  await a.sendto("into the void", "127.0.0.1", port);
  await a.sendto("to itself", "127.0.0.1", portOf(a));
  assertEquals(text(await a.receive()), "to itself");
  await send("x");
});

Deno.test("a Deno.DatagramConn is wrapped once, and the dispatcher's functions take it", async () => {
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const { port } = conn.addr as Deno.NetAddr;
  const copas = dispatcher();
  const skt = copas.wrap(conn);
  assertStrictEquals(copas.wrap(conn), skt);
  assertStrictEquals(copas.wrap(skt), skt);
  assertEquals(await copas.sendto(conn, "hello", "127.0.0.1", port), 5);
  const [data, , from] = await copas.receivefrom(conn);
  assertEquals([text(data), from], ["hello", port]);
  skt.setpeername("127.0.0.1", port);
  await copas.send(conn, "again");
  assertEquals(text(await copas.receive(conn)), "again");
  copas.settimeout(conn, 0);
  await assertRejects(() => copas.receive(conn, 10), TimeoutError);
  await copas.close(conn);
  assertEquals(skt.closed, true);
});

Deno.test("wrong arguments are named, and nothing is changed", async () => {
  using sockets = pair();
  const { a, b, copas, portOf } = sockets;
  // deno-lint-ignore no-explicit-any
  const any = b as any;
  const port = portOf(a);
  b.setpeername("127.0.0.1", port);
  const rejected = [
    [
      () => any.receive("*l"),
      "receive(): the size must be a number of bytes or a Uint8Array",
    ],
    [() => any.receive(-1), "receive(): the size must be"],
    [() => any.receivefrom(1.5), "receivefrom(): the size must be"],
    [() => any.receive(10, 5), "receive(): the options must be an object"],
    [
      () => any.receivefrom(10, { timeout: "1" }),
      "receivefrom(): the timeout must be a number of seconds",
    ],
    [
      () => any.sendto(5, "127.0.0.1", port),
      "sendto(): the data must be a string or a Uint8Array, got 5",
    ],
    [() => any.send({}), "send(): the data must be a string or a Uint8Array"],
    [() => any.sendto("x", 5, port), "sendto(): the host must be a string"],
    [() => any.sendto("x", "127.0.0.1"), "sendto(): the port must be"],
    [() => any.sendto("x", "127.0.0.1", 65536), "sendto(): the port must be"],
  ] as const;
  for (const [call, message] of rejected) {
    const error = await assertRejects(() => call(), Error, message);
    assert(error instanceof TypeError || error instanceof RangeError);
  }
  const thrown = [
    [() => any.setpeername(5, port), "setpeername(): the host must be"],
    [() => any.setpeername("127.0.0.1"), "setpeername(): the port must be"],
    [
      () => any.setpeername("localhost", port),
      'setpeername(): the ip must be an IP address, got "localhost"',
    ],
    [() => any.settimeout("1"), "settimeout(): the timeout must be"],
    [() => any.name = 5, "must be a string, got 5"],
  ] as const;
  for (const [call, message] of thrown) {
    const error = assertThrows(() => call(), Error, message);
    assertInstanceOf(error, TypeError);
  }
  assertEquals(b.getpeername(), ["127.0.0.1", port, "inet"]);
  const unbound = copas.socket.udp();
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => (unbound as any).setsockname("127.0.0.1", "x"),
    TypeError,
    "setsockname(): the port must be",
  );
  assertEquals(unbound.name, "udp{unbound}");
});

Deno.test("a burst is read ahead, up to receivebuffer, and counted", async () => {
  const copas = dispatcher();
  using a = copas.socket.udp();
  using b = copas.socket.udp({ receivebuffer: 3 });
  a.setsockname("127.0.0.1", 0);
  b.setsockname("127.0.0.1", 0);
  const port = b.getsockname()[1];
  await copas.loop(async () => {
    for (let i = 0; i < 5; i++) await a.sendto(`${i}`, "127.0.0.1", port);
    const heard = [text(await b.receive())];
    while (b.getstats()[3] < 3) await copas.pause();
    assertEquals(b.getstats().slice(0, 2), [4, 0]);
    for (let i = 1; i < 5; i++) heard.push(text(await b.receive()));
    assertEquals(heard, ["0", "1", "2", "3", "4"]);
    assertEquals([b.getstats()[0], b.getstats()[3]], [5, 0]);
    assertEquals(a.getstats()[1], 5);
  });
});

Deno.test("options of a datagram socket are obeyed or refused", () => {
  const copas = dispatcher();
  const udp = (options: object) => () => copas.socket.udp(options);
  assertThrows(
    udp({ receiveBuffer: 3 }),
    TypeError,
    "udp(): the options have no key receiveBuffer; they have name, timeouts, receivebuffer",
  );
  assertThrows(udp({ receivebuffer: 0 }), RangeError, "receivebuffer");
  using skt = copas.socket.udp({ name: "mine" });
  assertEquals(skt.name, "mine");
  assertThrows(
    () => copas.wrap(skt, { name: "other" }),
    TypeError,
    "mine is a Copas socket already",
  );
});

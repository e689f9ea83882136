// Who waits for datagrams, and how that ends.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  CancelledError,
  ClosedError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { pair } from "../fixtures/datagram_pair.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { text } from "../fixtures/socket_script.ts";

Deno.test("receive times out, after the socket's time or the call's", async () => {
  using sockets = pair();
  const { clock, b, send } = sockets;
  b.settimeout(3);
  const error = await assertRejects(
    () => b.receive(),
    TimeoutError,
    `Cannot receive from ${b.name}: timed out after 3 s`,
  );
  assertEquals([error.code, clock.now()], ["timeout", 3]);
  await assertRejects(() => b.receivefrom(10, { timeout: 1 }), TimeoutError);
  assertEquals(clock.now(), 4);
  // Its receive is still under way: what it brings is for the next.
  await send("late");
  assertEquals(text(await b.receive(100, { timeout: -1 })), "late");
});

Deno.test("a timeout of 0 takes what is there and does not wait", async () => {
  using sockets = pair();
  const { clock, b, send } = sockets;
  b.settimeout(0);
  await assertRejects(() => b.receive(), TimeoutError);
  await send("one");
  assertEquals(text(await b.receive()), "one");
  assertEquals(clock.now(), 0);
});

Deno.test("several readers are served in the order in which they came; one that left is left out", async () => {
  using sockets = pair();
  const { copas, b, send } = sockets;
  const got: string[] = [];
  const controller = new AbortController();
  const reader = (name: string, options?: Parameters<typeof b.receive>[1]) =>
    copas.addthread(async () => {
      try {
        got.push(`${name} ${text(await b.receive(100, options))}`);
      } catch (error) {
        got.push(`${name} ${(error as CancelledError).code}`);
      }
    });
  reader("a");
  const removed = reader("b");
  reader("c", { timeout: 1 });
  reader("d", { signal: controller.signal });
  reader("e");
  reader("f");
  copas.addthread(async () => {
    await copas.pause(2);
    copas.removethread(removed);
    controller.abort();
    await copas.pause(1);
    for (const word of ["one", "two", "three"]) await send(word);
  });
  await copas.loop();
  assertEquals(got.slice(0, 3).toSorted(), [
    "b cancelled",
    "c timeout",
    "d cancelled",
  ]);
  assertEquals(got.slice(3), ["a one", "e two", "f three"]);
});

Deno.test("close ends all who wait, and every use after it", async () => {
  using sockets = pair();
  const { b, portOf } = sockets;
  const port = portOf(b);
  const waiting = [b.receive(), b.receivefrom()];
  await turn();
  await b.close();
  for (const wait of waiting) {
    await assertRejects(
      () => wait,
      ClosedError,
      `Cannot receive from udp: 127.0.0.1:${port}: the socket is closed`,
    );
  }
  assertEquals(b.closed, true);
  assertEquals(b.getsockname(), ["127.0.0.1", port, "inet"]);
  await b.close();
  const uses: (() => unknown)[] = [
    () => b.receive(),
    () => b.receivefrom(),
    () => b.sendto("x", "127.0.0.1", 9),
    () => b.send("x"),
    () => b.setpeername("127.0.0.1", 9),
    () => b.setpeername("*"),
    () => b.setsockname("127.0.0.1", 0),
  ];
  for (const use of uses) {
    await assertRejects(
      async () => {
        await use();
      },
      ClosedError,
      "the socket is closed",
      `${use}`,
    );
  }
});

Deno.test("a socket that was closed behind our back is closed for its reader and its writer", async () => {
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const copas = dispatcher();
  const skt = copas.wrap(conn);
  const waiting = skt.receive();
  await turn();
  conn.close();
  await assertRejects(() => waiting, ClosedError, "the socket is closed");
  await assertRejects(() => skt.receive(), ClosedError, "the socket is closed");
  await assertRejects(
    () => skt.sendto("x", "127.0.0.1", 9),
    ClosedError,
    "the socket is closed",
  );
  await skt.close();
});

Deno.test("`using` and `await using` close", async () => {
  const copas = dispatcher();
  const first = copas.socket.udp();
  const second = copas.socket.udp();
  {
    using _a = first;
    await using _b = second;
    first.setsockname("127.0.0.1", 0);
    second.setsockname("127.0.0.1", 0);
  }
  assertEquals([first.closed, second.closed], [true, true]);
});

Deno.test("a removed thread sends no datagram any more", async () => {
  using sockets = pair();
  const { copas, b, send } = sockets;
  const removed = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const task = copas.addthread(async () => {
    await removed.promise;
    await send("late").then(ended.resolve, ended.resolve);
  });
  copas.removethread(task);
  removed.resolve();
  await copas.step(0);
  await copas.step(0);
  assertInstanceOf(await ended.promise, CancelledError);
  await assertRejects(() => b.receive(10, { timeout: 1 }), TimeoutError);
});

Deno.test("the error handler gets the socket of a send that failed", async () => {
  using sockets = pair();
  const { copas, a, b, portOf } = sockets;
  const told = Promise.withResolvers<unknown[]>();
  copas.addnamedthread("sender", async () => {
    copas.seterrorhandler((_, task, skt) => told.resolve([`${task}`, skt]));
    await a.sendto(new Uint8Array(70_000), "127.0.0.1", portOf(b));
  });
  await copas.step(0);
  assertEquals(await told.promise, ["sender", a]);
});

/**
 * Options that a call does not know are refused, everywhere.
 *
 * @module
 */

import { assertRejects, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";

// Type checks would refuse them, too.
// deno-lint-ignore no-explicit-any
type Anything = any;

const makers: [string, (copas: Copas) => unknown, string][] = [
  [
    "new Copas",
    () => new Copas({ nets: [] } as Anything),
    "new Copas(): the options have no key nets; they have clock, net",
  ],
  [
    "scoped",
    (copas) => copas.scoped({ net: [], port: 1 } as Anything),
    "scoped(): the options have no key port; they have net",
  ],
  [
    "socket.tcp",
    (copas) => copas.socket.tcp({ tls: true } as Anything),
    "tcp(): the options have no key tls; they have name, timeouts, maxline, ",
  ],
  [
    "timeouts of socket.tcp",
    (copas) =>
      copas.socket.tcp({
        timeouts: { connect: 1, send: 1, receive: 1, all: 1 },
      } as Anything),
    "tcp(): the timeouts have no key all; they have connect, send, receive",
  ],
  [
    "timer.new",
    (copas) =>
      copas.timer.new({ delay: 1, callback() {}, repeat: true } as Anything),
    "timer.new(): the options have no key repeat; they have name, delay, callback, recurring, ",
  ],
  [
    "lock.new",
    (copas) => copas.lock.new({ wait: 1 } as Anything),
    "lock.new(): the options have no key wait; they have name, timeout, notreentrant",
  ],
  [
    "queue.new",
    (copas) => copas.queue.new({ maxSize: 1 } as Anything),
    "queue.new(): the options have no key maxSize; they have name, maxsize",
  ],
  [
    "semaphore.new",
    (copas) => copas.semaphore.new(1, { count: 1 } as Anything),
    "semaphore.new(): the options have no key count; they have name, start, timeout",
  ],
];

for (const [name, make, message] of makers) {
  Deno.test(`${name} refuses a key that it does not know, and names those that it knows`, () => {
    const copas = new Copas();
    assertThrows(() => make(copas), TypeError, message);
  });
}

Deno.test("tcp() refuses timeouts that are no object, or no numbers", () => {
  const { socket } = new Copas();
  const tcp = (timeouts: unknown) => () => socket.tcp({ timeouts } as Anything);
  assertThrows(
    tcp(5),
    TypeError,
    "tcp(): timeouts must be an object { connect, send, receive } of seconds, got 5",
  );
  assertThrows(
    tcp({ connect: 1, send: 1 }),
    TypeError,
    "tcp(): the receive timeout must be a number of seconds, got undefined",
  );
});

Deno.test("every call that waits refuses a key that it does not know", async () => {
  using pair = await tcpPair();
  const copas = new Copas();
  const wrong: Anything = { timeOut: 1 };
  const skt = copas.wrap(pair.ours);
  const lock = copas.lock.new();
  const semaphore = copas.semaphore.new(1, 1);
  const queue = copas.queue.new();
  const calls: [string, () => Promise<unknown>][] = [
    ["connect", () => copas.socket.connect("127.0.0.1", 1, wrong)],
    ["receive", () => skt.receive("*l", wrong)],
    ["receivepartial", () => skt.receivepartial(1, wrong)],
    ["send", () => skt.send("x", wrong)],
    ["flush", () => skt.flush(wrong)],
    ["dohandshake", () => skt.dohandshake({}, wrong)],
    ["sleep", () => copas.sleep(0, wrong)],
    ["pause", () => copas.pause(0, wrong)],
    ["pauseforever", () => copas.pauseforever(wrong)],
    ["relay", () => copas.relay(skt, copas.wrap(pair.theirs), wrong)],
    ["wait", () => copas.wait(Promise.resolve(), wrong)],
    ["waitforexit", () => copas.waitforexit(wrong)],
    ["get", () => lock.get(wrong)],
    ["take", () => semaphore.take(1, wrong)],
    ["push", () => queue.push(1, wrong)],
    ["pop", () => queue.pop(wrong)],
    ["finish", () => queue.finish(wrong)],
  ];
  const keys: Record<string, string> = {
    receive: "max, timeout, signal",
    receivepartial: "max, timeout, signal",
    connect: "proxyProtocol, timeout, signal",
    sleep: "signal",
    pause: "signal",
    pauseforever: "signal",
    relay: "idletimeout, signal",
  };
  for (const [name, call] of calls) {
    await assertRejects(
      // Some throw at once.
      async () => await call(),
      TypeError,
      `${name}(): the options have no key timeOut; they have ${
        keys[name] ?? "timeout, signal"
      }`,
    );
  }
  queue.destroy();
});

Deno.test("a sleep and a relay, which have no timeout of that name, refuse one", async () => {
  using pair = await tcpPair();
  const copas = new Copas();
  const wrong: Anything = { timeout: 1 };
  for (
    const call of [
      () => copas.sleep(0, wrong),
      () => copas.pause(0, wrong),
      () => copas.pauseforever(wrong),
      () => copas.relay(copas.wrap(pair.ours), copas.wrap(pair.theirs), wrong),
    ]
  ) await assertRejects(call, TypeError, "have no key timeout; they have");
});

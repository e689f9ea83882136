// How the three timeouts of a socket are set.

import { assertEquals, assertThrows } from "@std/assert";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { scripted } from "../fixtures/socket_script.ts";

Deno.test("a socket starts without limits", () => {
  const { skt } = scripted();
  const none = { connect: Infinity, send: Infinity, receive: Infinity };
  assertEquals(skt.timeouts, none);
  assertEquals(dispatcher().socket.udp().timeouts, none);
});

Deno.test("settimeout sets all three; nothing or a negative number is no limit", () => {
  const { skt } = scripted();
  skt.settimeout(2.5);
  assertEquals(skt.timeouts, { connect: 2.5, send: 2.5, receive: 2.5 });
  skt.settimeout(0);
  assertEquals(skt.timeouts, { connect: 0, send: 0, receive: 0 });
  for (const seconds of [undefined, -1, -0.001, Infinity, -Infinity]) {
    skt.settimeout(1);
    skt.settimeout(seconds);
    assertEquals(skt.timeouts.receive, Infinity);
  }
});

Deno.test("settimeouts sets each; undefined leaves it, a negative number is no limit", () => {
  const { skt } = scripted();
  skt.settimeouts(1, 2, 3);
  assertEquals(skt.timeouts, { connect: 1, send: 2, receive: 3 });
  skt.settimeouts(undefined, -1);
  assertEquals(skt.timeouts, { connect: 1, send: Infinity, receive: 3 });
  skt.settimeouts(undefined, undefined, Infinity);
  assertEquals(skt.timeouts, { connect: 1, send: Infinity, receive: Infinity });
  skt.settimeouts();
  assertEquals(skt.timeouts.connect, 1);
});

Deno.test("a wrong timeout is named, and none is changed", () => {
  const { skt } = scripted();
  skt.settimeouts(1, 2, 3);
  // deno-lint-ignore no-explicit-any
  const set = skt as any;
  assertThrows(
    () => set.settimeout("5"),
    TypeError,
    'settimeout(): the timeout must be a number of seconds, got "5"',
  );
  assertThrows(() => set.settimeout(NaN), RangeError, "got NaN");
  assertThrows(() => set.settimeout(null), TypeError, "got null");
  assertThrows(
    () => set.settimeouts(9, 9, "9"),
    TypeError,
    'settimeouts(): the receive timeout must be a number of seconds, got "9"',
  );
  assertThrows(
    () => set.settimeouts(9, {}),
    TypeError,
    "settimeouts(): the send timeout must be a number of seconds, got Object",
  );
  assertThrows(
    () => set.settimeouts(false),
    TypeError,
    "settimeouts(): the connect timeout must be a number of seconds, got false",
  );
  assertEquals(skt.timeouts, { connect: 1, send: 2, receive: 3 });
});

Deno.test("the timeouts of one socket are its own", () => {
  const { copas, skt } = scripted();
  const options = { timeouts: { connect: 1, send: 1, receive: 1 } };
  const [a, b] = [copas.socket.tcp(options), copas.socket.tcp(options)];
  a.settimeout(5);
  assertEquals([b.timeouts.send, options.timeouts.send], [1, 1]);
  skt.settimeout(3);
  assertEquals(copas.socket.tcp().timeouts.send, Infinity);
});

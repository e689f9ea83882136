// Deno 2.9.6 loses a connection that is made in the turn of the event loop in
// which its signal aborts: the caller does not get it, so it stays open. So Deno
// must be told of the abort a turn later, when the connection that was made has
// been handed over.

import { assertEquals, assertRejects } from "@std/assert";
import { CancelledError, ClosedError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";

type Connect = (options: { signal: AbortSignal }) => Promise<Deno.Conn>;

/** Puts `connect` in the place of Deno's, until the end of a `using` block. */
function replaceConnect(connect: Connect): Disposable {
  const real = Deno.connect;
  const replaceable = Deno as unknown as { connect: Connect };
  replaceable.connect = connect;
  return {
    [Symbol.dispose]() {
      replaceable.connect = real as unknown as Connect;
    },
  };
}

Deno.test("Deno hears of an abort a turn later", async () => {
  let seen: AbortSignal | undefined;
  using _ = replaceConnect(({ signal }) => {
    seen = signal;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const skt = dispatcher().socket.tcp();
  const controller = new AbortController();
  const ended = assertRejects(() =>
    skt.connect("192.0.2.1", 80, { signal: controller.signal })
  );
  await turn();
  controller.abort();
  assertEquals(seen?.aborted, false);
  await ended;
  await turn();
  assertEquals(seen?.aborted, true);
});

Deno.test("a connection that is made in the turn in which it was given up is closed", async () => {
  const conn = new ScriptedConn();
  const made = Promise.withResolvers<Deno.Conn>();
  using _ = replaceConnect(({ signal }) => {
    signal.addEventListener("abort", () => made.reject(signal.reason));
    return made.promise;
  });
  const copas = dispatcher();
  const skt = copas.socket.tcp();
  const controller = new AbortController();
  const ended = assertRejects(
    () => skt.connect("192.0.2.1", 80, { signal: controller.signal }),
    CancelledError,
  );
  await turn();
  controller.abort();
  made.resolve(conn.conn);
  await ended;
  await copas.pause(1);
  assertEquals(conn.closes, 1);
});

Deno.test("a socket that is closed while it connects closes what it gets", async () => {
  const conn = new ScriptedConn();
  const made = Promise.withResolvers<Deno.Conn>();
  using _ = replaceConnect(() => made.promise);
  const skt = dispatcher().socket.tcp();
  const ended = assertRejects(
    () => skt.connect("192.0.2.1", 80),
    ClosedError,
    "the socket was closed",
  );
  await turn();
  skt.close();
  made.resolve(conn.conn);
  await ended;
  assertEquals(conn.closes, 1);
});

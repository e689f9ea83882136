// The log of the threads, and of the calls on a socket.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClosedError } from "../../src/errors/errors.ts";
import { StreamSocket } from "../../src/socket/stream_socket.ts";
import { scripted } from "../fixtures/socket_script.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("the log tells when threads wait, go on and end, and for what", async () => {
  const { copas, conn, skt } = scripted();
  skt.name = "S";
  const log: unknown[] = [];
  copas.debug.start((...pieces) => log.push(...pieces));
  copas.addnamedthread("T", async () => {
    await copas.pause(5);
    await copas.pause();
    await skt.receive();
    await copas.wait(Promise.resolve());
  });
  const sleeper = copas.addnamedthread("U", () => copas.pauseforever());
  copas.addnamedthread("V", () => {});
  conn.feed("line\n");
  await copas.loop();
  assertEquals(log, [
    "yielding 'T' to SLEEP for 5 seconds",
    "yielding 'U' to SLEEP",
    "exiting 'V'",
    "resuming 'T'",
    "yielding 'T' to SLEEP for 0 seconds",
    "resuming 'T'",
    "yielding 'T' to READ on 'S'",
    "resuming 'T' for socket 'S'",
    "yielding 'T' to an OPERATION",
    "resuming 'T'",
    "exiting 'T'",
  ]);
  copas.removethread(sleeper);
  copas.debug.stop();
  await copas.loop();
  assertEquals(log.length, 11);
  skt.close();
});

Deno.test("waits outside every thread are logged only when they are asked for", async () => {
  const { copas } = virtual();
  const log: unknown[] = [];
  copas.debug.start((line) => log.push(line));
  await copas.pause(1);
  assertEquals(log, []);
  copas.debug.start((line) => log.push(line), true);
  await copas.pause(1);
  assertEquals(log, [
    "yielding 'main' to SLEEP for 1 seconds",
    "resuming 'main'",
  ]);
  copas.debug.stop();
});

Deno.test("a logger that throws, or calls the dispatcher, does no harm", async () => {
  const { copas, clock, events } = virtual();
  const { error } = console;
  console.error = (text: unknown) => events.push(text);
  try {
    copas.debug.start(() => {
      copas.addnamedthread("of the logger", () => {});
      throw new Error("no luck");
    });
    copas.addthread(async () => {
      await copas.pause(1);
      events.push("went on");
    });
    await copas.loop();
  } finally {
    console.error = error;
  }
  assertEquals(clock.now(), 1);
  assertEquals(
    new Set(events),
    new Set(["Failed executing the logger:", "went on"]),
  );
});

Deno.test("each call on a socket is logged, with what it was given and what came of it", async () => {
  const { copas, conn, skt } = scripted();
  skt.name = "S";
  const log: unknown[] = [];
  const debugged = copas.debug.socket(skt, (line) => log.push(line));
  conn.feed("line\n");
  assertEquals(await debugged.receive("*l"), "line");
  assertEquals(
    await copas.receive(debugged, 0, { timeout: 0 }).catch(() => 0),
    0,
  );
  assertEquals(await debugged.send("x".repeat(100)), 100);
  assertEquals(debugged.getstats()[0], 5);
  log.length = 0;
  await debugged.send(new Uint8Array(3));
  await debugged.close();
  await assertRejects(() => debugged.receive(5), ClosedError);
  assertThrows(() => debugged.setoption("nonsense" as never, true));
  assertEquals(log, [
    "5-calling 'send' on 'S' with Uint8Array(3)",
    "5-'send' resolved to 3",
    "6-calling 'close' on 'S' with ",
    "6-'close' resolved to undefined",
    "7-calling 'receive' on 'S' with 5",
    "7-'receive' failed with ClosedError: Cannot receive from S: the socket is closed",
    "8-calling 'setoption' on 'S' with \"nonsense\", true",
    ...log.slice(7),
  ]);
});

Deno.test("a socket that is logged is a socket like any other", async () => {
  const { copas, conn, skt } = scripted();
  const debugged = copas.debug.socket(skt, () => {});
  assert(debugged instanceof StreamSocket);
  assertEquals([`${debugged}`, debugged.constructor], [`${skt}`, StreamSocket]);
  assertEquals(copas.wrap(debugged), debugged);
  debugged.name = "new";
  assertEquals([skt.name, copas.getsocketname(debugged)], ["new", "new"]);
  debugged.settimeout(5);
  assertEquals(skt.timeouts.receive, 5);
  conn.feed("a\nb\n").end();
  const lines = [];
  for await (const line of debugged) lines.push(line);
  assertEquals(lines, ["a", "b"]);
  // What fails need not be awaited.
  await debugged.close();
  debugged.send("x");
});

Deno.test("a method that gives the socket gives the one that is logged", async () => {
  const { copas } = virtual();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const log: string[] = [];
  const skt = copas.debug.socket(
    copas.socket.tcp(),
    (line) => log.push(`${line}`),
  );
  const connected = await skt.connect("127.0.0.1", listener.addr.port);
  assert(connected === skt);
  await connected.close();
  assertEquals(log.at(-1), "2-'close' resolved to undefined");
});

Deno.test("what a for await receives is logged, line by line", async () => {
  const { copas, conn, skt } = scripted();
  const log: unknown[] = [];
  const debugged = copas.debug.socket(skt, (line) => log.push(line));
  conn.feed("one\n").end();
  const lines = [];
  for await (const line of debugged) lines.push(line);
  assertEquals(lines, ["one"]);
  const received = log.filter((line) => `${line}`.includes("'receive'"));
  assertEquals(received.length, 4, `${log.join("\n")}`);
  assertEquals(`${received[1]}`.endsWith(`'receive' resolved to "one"`), true);
});

Deno.test("what is no logger is refused", () => {
  const { copas, skt } = scripted();
  assertThrows(
    () => copas.debug.start(5 as never),
    TypeError,
    "debug.start(): the logger must be a function, got 5",
  );
  assertThrows(
    () => copas.debug.socket(skt, 5 as never),
    TypeError,
    "debug.socket(): the logger must be a function, got 5",
  );
  assertThrows(() => copas.debug.socket(5 as never), TypeError, "wrap(): ");
  skt.close();
});

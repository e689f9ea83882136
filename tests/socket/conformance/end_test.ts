// How a stream ends, over every kind of stream: close in every state, half-close,
// big sends, abort, and peers that go, or do not read.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError, TimeoutError } from "../../../src/errors/errors.ts";
import { turn } from "../../fixtures/event_loop.ts";
import {
  pattern,
  read as readConn,
  same,
  write,
} from "../../fixtures/socket_pair.ts";
import { text } from "../../fixtures/socket_script.ts";
import { overEvery, realClock } from "./suite.ts";
import { type Connected, type Peer, transports } from "./transports.ts";

const read = (peer: Peer, count?: number) => readConn(peer as Deno.Conn, count);

/** Collects what the error handler gets. */
function reports({ copas }: Connected): unknown[] {
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  return errors;
}

for (const size of [1, 70_000, 8 * 1024 * 1024]) {
  overEvery(
    `a send of ${size} bytes that is not awaited arrives before the close`,
    async ({ skt, peer }) => {
      const data = pattern(size);
      const reading = read(peer);
      skt.send(data);
      const closing = skt.close();
      assert(same(await reading, data));
      await closing;
    },
    undefined,
    realClock,
  );
}

overEvery(
  "text that is not awaited arrives before the end of sending",
  async ({ skt, peer }) => {
    const data = "grüße 🎉 ".repeat(50_000);
    const reading = read(peer);
    skt.send(data);
    skt.send("the end");
    await skt.shutdown("send");
    assertEquals(text(await reading) === data + "the end", true);
  },
  undefined,
  realClock,
);

overEvery(
  "half-close: the peer finds the end, and its answer arrives",
  async ({ skt, peer }) => {
    const reading = read(peer);
    await skt.send("question");
    await skt.shutdown("send");
    assertEquals(text(await reading), "question");
    await write(peer as Deno.Conn, "answer");
    await peer.closeWrite();
    assertEquals(await skt.receive("*a"), "answer");
    await assertRejects(() => skt.send("x"), ClosedError, "shut down");
    await skt.close();
  },
);

overEvery(
  "the peer's half-close: its end comes, and sending goes on",
  async ({ skt, peer }) => {
    await write(peer as Deno.Conn, "question");
    await peer.closeWrite();
    assertEquals(await skt.receive("*a"), "question");
    const reading = read(peer);
    await skt.send("answer");
    await skt.close();
    assertEquals(text(await reading), "answer");
  },
);

overEvery(
  "closing twice is closing once, and later calls fail",
  async ({ skt }) => {
    const closing = skt.close();
    assert(skt.close() === closing);
    await closing;
    assertEquals(skt.closed, true);
    for (
      const call of [
        () => skt.receive(),
        () => skt.receiveuntil("x"),
        () => skt.receiveframe(),
        () => skt.peek(1),
        () => skt.lines().next(),
        () => skt.send("x"),
        () => skt.sendframe("x"),
        () => skt.flush(),
        () => skt.shutdown(),
      ]
    ) await assertRejects(call as () => Promise<unknown>, ClosedError);
    skt.abort();
  },
);

overEvery(
  "abort ends every wait at once, and the peer's stream",
  async (connected) => {
    const { skt, peer } = connected;
    const errors = reports(connected);
    const receiving = skt.receive();
    const sending = skt.send(pattern(20 * 1024 * 1024));
    await turn();
    skt.abort();
    assertEquals(skt.closed, true);
    await assertRejects(() => receiving, ClosedError, "the socket is closed");
    const { sent, left } = await assertRejects(() => sending, ClosedError);
    assertEquals(sent! + left!, 20 * 1024 * 1024);
    await skt.close();
    const got = await read(peer).then((all) => all.length, () => 0);
    assert(got < 20 * 1024 * 1024);
    await turn();
    assertEquals(errors, []);
  },
);

overEvery(
  "a peer that does not read can't hold a closed socket: the loss is reported",
  async (connected) => {
    const { copas, skt } = connected;
    const errors = reports(connected);
    const size = 20 * 1024 * 1024;
    const [, before] = skt.getstats();
    copas.addthread(() => {
      skt.send(pattern(size));
      skt.close();
    });
    await copas.loop();
    await turn();
    const error = errors[0] as TimeoutError;
    assert(error instanceof TimeoutError, String(error));
    assert(error.message.includes("timed out after 5 s"), error.message);
    assert(error.left! > 0 && error.sent! + error.left! === before + size);
    assertEquals(errors.length, 1);
  },
  { linger: 5 },
);

overEvery(
  "a peer that is gone is an error of the sends, or of the close",
  async (connected) => {
    const { skt, peer } = connected;
    peer.close();
    let error: unknown;
    for (let i = 0; i < 300 && error === undefined; i++) {
      await turn();
      error = await skt.send(pattern(10_000)).then(
        () => skt.flush(),
      ).catch((error) => error);
    }
    if (error === undefined) {
      // Deno's TLS reads on for a while after its close, but has said goodbye.
      assertEquals(await skt.receive(), null);
    } else assert(error instanceof ClosedError, String(error));
    await skt.close();
  },
);

overEvery(
  "an early answer arrives, though the peer still sends",
  async ({ skt, peer }) => {
    const request = write(peer as Deno.Conn, pattern(3_000_000)).then(
      () => peer.closeWrite(),
    ).catch(() => {});
    await skt.receive(10);
    await skt.send("413 too large");
    const closing = skt.close();
    assertEquals(text(await read(peer)), "413 too large");
    await request;
    await closing;
  },
  undefined,
  realClock,
);

for (const how of ["was received", "a receive has timed out for"] as const) {
  overEvery(
    `with lingeralways, an early answer arrives where the peer sends on after the close; what came before ${how}`,
    async ({ skt, peer }) => {
      await write(peer as Deno.Conn, "first\n");
      assertEquals(await skt.receive(), "first");
      if (how !== "was received") {
        await assertRejects(() => skt.receive("*l", { timeout: 0 }));
      }
      await skt.send("408 too slow");
      const closing = skt.close();
      for (let i = 0; i < 40; i++) {
        await turn();
        await write(peer as Deno.Conn, pattern(10_000));
      }
      assertEquals(text(await read(peer)), "408 too slow");
      peer.close();
      await closing;
    },
    { lingeralways: true },
    realClock,
  );
}

/**
 * What tells the peer of a TLS stream that it was cut. The tickets of a server
 * that lie unread below a client make a reset of its abort.
 */
const CUT_STREAM = [Deno.errors.UnexpectedEof, Deno.errors.ConnectionReset];

overEvery(
  "the close of a stream with a gap, where a send was cut, fails",
  async ({ skt, peer }) => {
    const size = 20 * 1024 * 1024;
    const { sent = -1 } = await assertRejects(
      () => skt.send(pattern(size), { timeout: 0 }),
      TimeoutError,
    );
    const reading = read(peer).then((all) => all.length, String);
    await assertRejects(() => skt.close(), ClosedError, "was cut");
    // What was taken comes, and no more. Deno's own TLS says goodbye all the same.
    const got = await reading;
    const isTold = CUT_STREAM.some(({ name }) => String(got).startsWith(name));
    assert(isTold || got === sent, `${got} of ${sent}`);
  },
  undefined,
  realClock,
);

overEvery(
  "a stream with a gap that the caller has filled ends as it should",
  async ({ skt, peer }) => {
    const data = pattern(20 * 1024 * 1024);
    const { sent } = await assertRejects(
      () => skt.send(data, { timeout: 0 }),
      TimeoutError,
    );
    const reading = read(peer);
    await skt.send(data.subarray(sent));
    await skt.close();
    assert(same(await reading, data));
  },
  undefined,
  realClock,
);

for (const { name, ignore, connect } of transports) {
  // Deno's own TLS says goodbye however it is closed.
  if (name !== "STARTTLS" && !name.includes("node:tls")) continue;
  Deno.test({
    name: `${name}: the peer of a stream with a gap finds no goodbye of TLS`,
    ignore,
    async fn() {
      using connected = await connect(undefined, realClock());
      const { skt, peer } = connected;
      await assertRejects(
        () => skt.send(pattern(20_000_000), { timeout: 0 }),
        TimeoutError,
      );
      const reading = assertRejects(() => read(peer));
      await assertRejects(() => skt.close(), ClosedError, "was cut");
      const error = await reading;
      assert(CUT_STREAM.some((type) => error instanceof type), String(error));
    },
  });
}

// Receiving over every kind of stream: every pattern, partial data, timeouts, ends.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError, TimeoutError } from "../../../src/errors/errors.ts";
import { pattern, same, write } from "../../fixtures/socket_pair.ts";
import { bytes, text } from "../../fixtures/socket_script.ts";
import { overEvery } from "./suite.ts";
import type { Peer } from "./transports.ts";

const give = (peer: Peer, data: string | Uint8Array) =>
  write(peer as Deno.Conn, data);

overEvery("every pattern takes its part", async ({ skt, peer }) => {
  await give(peer, "line\r\n12345");
  await give(peer, bytes("buffer", "a\0b", [0, 0, 0, 5], "frame", "the rest"));
  await peer.closeWrite();
  assertEquals(await skt.receive(), "line");
  assertEquals(text(await skt.peek(2)), "12");
  assertEquals(text(await skt.receive(5)), "12345");
  assertEquals(text(await skt.receive(new Uint8Array(6))), "buffer");
  assertEquals(text(await skt.receiveuntil(bytes([0]))), "a");
  assertEquals(text(await skt.receive(1)), "b");
  assertEquals(text(await skt.receiveframe()), "frame");
  assertEquals(await skt.receive("*a"), "the rest");
  assertEquals(await skt.receive(), null);
  assertEquals(await skt.receive(1), null);
  assertEquals(await skt.receivepartial(1), null);
  assertEquals(await skt.receiveframe(), null);
  assertEquals(await skt.receiveuntil("\n"), null);
  assertEquals(await skt.peek(1), null);
  assertEquals(await skt.receive("*a"), "");
});

overEvery("a large body comes whole", async ({ skt, peer }) => {
  const data = pattern(1_000_000);
  const writing = give(peer, data).then(() => peer.closeWrite());
  assert(same(await skt.receive(data.length) as Uint8Array, data));
  assertEquals(await skt.receive(1), null);
  await writing;
});

overEvery("receivepartial gives what there is", async ({ skt, peer }) => {
  await give(peer, "grü");
  assertEquals(text(await skt.receivepartial(100)), "grü");
  await give(peer, "part");
  assertEquals(await skt.receivepartial(), "part");
  await give(peer, "\n\n");
  assertEquals(await skt.receivepartial(), "");
});

overEvery(
  "a timeout leaves its bytes to the next receive",
  async ({ skt, peer }) => {
    await give(peer, "half");
    for (
      const call of [
        () => skt.receive("*l", { timeout: 1 }),
        () => skt.receive(100, { timeout: 1 }),
        () => skt.receiveuntil("!", { timeout: 1 }),
      ]
    ) {
      const error = await assertRejects(call, TimeoutError);
      assert("half".startsWith(text(error.partial)));
    }
    await give(peer, " a line\n");
    assertEquals(await skt.receive(), "half a line");
  },
);

overEvery(
  "an end in the middle is an error with what came",
  async ({ skt, peer }) => {
    await give(peer, "half");
    await peer.closeWrite();
    const error = await assertRejects(() => skt.receive(), ClosedError);
    assertEquals(text(error.partial), "half");
    assertEquals(await skt.receive(), null);
  },
);

overEvery("a close ends the receives that wait", async ({ skt }) => {
  const waiting = [skt.receive(), skt.receiveframe(), skt.peek(1)];
  const ended = waiting.map((call) =>
    assertRejects(() => call as Promise<unknown>, ClosedError)
  );
  await skt.close();
  await Promise.all(ended);
});

overEvery("the counts never go backwards", async ({ skt, peer }) => {
  let [received, sent] = [0, 0];
  const look = (least: [number, number]) => {
    const [nowReceived, nowSent] = skt.getstats();
    assert(nowReceived >= received && nowSent >= sent);
    assert(nowReceived >= least[0] && nowSent >= least[1]);
    [received, sent] = [nowReceived, nowSent];
  };
  await give(peer, "one\ntwo\n");
  await skt.receive();
  look([4, 0]);
  await skt.peek(1);
  look([4, 0]);
  await skt.send("answer");
  look([4, 6]);
  peer.close();
  await skt.send(pattern(60_000)).catch(() => {});
  look([4, 6]);
  await skt.flush().catch(() => {});
  look([4, 6]);
  await skt.close().catch(() => {});
  look([4, 6]);
});

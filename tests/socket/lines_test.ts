// The loop over lines, with limits for each.

import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  TimeoutError,
  TooLongError,
} from "../../src/errors/errors.ts";
import { scripted } from "../fixtures/socket_script.ts";

Deno.test("lines gives lines until the end of the stream", async () => {
  const { conn, skt } = scripted();
  conn.feed("one\r\ntwo\n").end();
  const lines: string[] = [];
  for await (const line of skt.lines({ timeout: 1, max: 3 })) lines.push(line);
  assertEquals(lines, ["one", "two"]);
});

Deno.test("the timeout is for each line, not for all", async () => {
  const { copas, clock, conn, skt } = scripted();
  let error: unknown;
  copas.addthread(async () => {
    try {
      for await (const _ of skt.lines({ timeout: 2 }));
    } catch (thrown) {
      error = thrown;
    }
    assertEquals(clock.now(), 5);
  });
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) {
      await copas.pause(1);
      conn.feed("line\n");
    }
  });
  await copas.loop();
  assertEquals(error instanceof TimeoutError, true);
});

Deno.test("max and signal hold for each line", async () => {
  const { conn, skt } = scripted();
  conn.feed("123\n1234\n");
  const lines = skt.lines({ max: 3 });
  assertEquals((await lines.next()).value, "123");
  await assertRejects(() => lines.next(), TooLongError, "longer than 3 bytes");
  const signal = AbortSignal.abort();
  await assertRejects(() => skt.lines({ signal }).next(), CancelledError);
  assertEquals(await skt.receive("*l", { max: 4 }), "1234");
});

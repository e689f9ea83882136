import { assert, assertEquals } from "@std/assert";
import {
  eventOf,
  EventStreams,
  MOST_STREAMS,
} from "../../src/inspector/event_stream.ts";
import { Inspected } from "../fixtures/inspected.ts";

Deno.test("a page that reads nothing is kept one event for, and is left in the end", async () => {
  const streams = new EventStreams();
  const slow = streams.open("first\n")!;
  const quick = streams.open("first\n")!.getReader();
  await quick.read();
  let read = 0;
  for (let i = 0; i < 29; i++) {
    streams.send(`${i}\n`);
    const { value } = await quick.read();
    assertEquals(new TextDecoder().decode(value), `${i}\n`);
  }
  assertEquals(streams.size, 2);
  for (let i = 29; i < 40; i++) {
    streams.send(`${i}\n`);
    await quick.read();
  }
  assertEquals(streams.size, 1);
  try {
    for await (const _ of slow) read++;
  } catch {
    // It is broken off: what it has not read is not kept.
  }
  assert(read <= 1, `${read}`);
  streams.close();
  assertEquals((await quick.read()).done, true);
});

Deno.test("a slow page that reads again gets the latest, and stays", async () => {
  const streams = new EventStreams();
  const reader = streams.open("first\n")!.getReader();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 20; i++) streams.send(`${round}.${i}\n`);
    await reader.read();
    streams.send(`latest of ${round}\n`);
  }
  assertEquals(streams.size, 1);
  await reader.cancel();
  assertEquals(streams.size, 0);
  streams.send("to none\n");
  streams.close();
});

Deno.test("what an event holds can't begin another one", () => {
  const event = eventOf("tick", { name: "a\n\nevent: forged\ndata: {}\r\n" });
  assertEquals(event.split("\n").length, 4);
  assert(!event.includes("\r"));
});

Deno.test("thousands of pages at once are refused but for a few, and these are told", async () => {
  await using inspected = new Inspected();
  const cookie = await inspected.enter();
  const url = `http://127.0.0.1:${inspected.port}/events`;
  const codes = { live: 0, refused: 0 };
  const bodies: ReadableStream<Uint8Array>[] = [];
  for (let hundred = 0; hundred < 20; hundred++) {
    await Promise.all(Array.from({ length: 100 }, async () => {
      const response = await fetch(url, { headers: { cookie } });
      if (response.status === 200) {
        codes.live++;
        bodies.push(response.body!);
      } else {
        assertEquals(response.status, 503);
        codes.refused++;
        await response.text();
      }
    }));
  }
  assertEquals(codes, { live: MOST_STREAMS, refused: 2000 - MOST_STREAMS });
  const reader = bodies[0].getReader();
  for (let text = ""; text.split("event: tick").length < 3;) {
    text += new TextDecoder().decode((await reader.read()).value);
  }
  reader.releaseLock();
  // One that leaves makes room for another one.
  for (const body of bodies) await body.cancel();
  for (;;) {
    const { status, body } = await fetch(url, { headers: { cookie } });
    await body?.cancel();
    if (status === 200) break;
  }
});

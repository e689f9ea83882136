// The end of a turn: who asked for it is called once, in order, whatever the others do.

import { Copas } from "../../src/copas/copas.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";
import { strict } from "../fixtures/virtual.ts";
import { assertEquals } from "@std/assert";
import { EndOfTurn } from "../../src/core/end_of_turn.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";

function make() {
  const endOfTurn = new EndOfTurn(new VirtualClock());
  const events: string[] = [];
  const item = (name: string, also = () => {}) => ({
    atEndOfTurn() {
      events.push(name);
      also();
    },
  });
  return { endOfTurn, events, item };
}

Deno.test("at the end of a turn, all is written before anything is begun", async () => {
  const { endOfTurn, events, item } = make();
  endOfTurn.startAtEnd(item("start 1"));
  endOfTurn.flushAtEnd(item("write 1"));
  endOfTurn.startAtEnd(item("start 2"));
  endOfTurn.flushAtEnd(item("write 2"));
  assertEquals(events, []);
  await turn();
  assertEquals(events, ["write 1", "write 2", "start 1", "start 2"]);
});

Deno.test("a turn does not end as long as threads call", async () => {
  const { endOfTurn, events, item } = make();
  endOfTurn.flushAtEnd(item("write"));
  for (let i = 0; i < 100; i++) {
    endOfTurn.calls++;
    await null;
    assertEquals(events, []);
  }
  await turn();
  assertEquals(events, ["write"]);
});

Deno.test("what is asked for while a turn ends comes at the end of the next one", async () => {
  const { endOfTurn, events, item } = make();
  endOfTurn.flushAtEnd(item("write 1", () => {
    endOfTurn.flushAtEnd(
      item("write 2", () => endOfTurn.startAtEnd(item("start 2"))),
    );
  }));
  endOfTurn.startAtEnd(item("start 1"));
  await turn();
  assertEquals(events, ["write 1", "start 1", "write 2", "start 2"]);
});

Deno.test("an error at the end of a turn is reported, and the next turn ends as ever", async () => {
  const { endOfTurn, events, item } = make();
  const report = (event: ErrorEvent) => {
    event.preventDefault();
    events.push(event.message);
  };
  addEventListener("error", report);
  endOfTurn.flushAtEnd(item("write 1", () => {
    throw new Error("broken");
  }));
  await turn();
  endOfTurn.flushAtEnd(item("write 2"));
  await turn();
  removeEventListener("error", report);
  assertEquals(events, ["write 1", "Uncaught Error: broken", "write 2"]);
});

Deno.test("six nested async calls between two sends are still one write", async () => {
  const copas = strict(new Copas());
  const conn = new ScriptedConn();
  const skt = copas.wrap(conn.conn);
  const nested = async (depth: number): Promise<void> => {
    if (depth > 0) await nested(depth - 1);
  };
  copas.addthread(async () => {
    await skt.send("one ");
    await nested(6);
    await skt.send("two\n");
  });
  await copas.loop();
  assertEquals(conn.writes.length, 1);
  await skt.close();
});

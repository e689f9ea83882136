// Step 6: the room is tested, 30 seconds included, in a few milliseconds.
//
// Run:  deno test --allow-net=127.0.0.1 examples/guide/6_room_test.ts

import { Copas, type StreamSocket } from "jsr:@copas/copas";
import { VirtualClock } from "jsr:@copas/copas/testing";
import { assertEquals } from "@std/assert";
import { createRoom } from "./4_room.ts";

/** Runs `talk` beside a room, on a clock that jumps from deadline to deadline. */
async function withRoom(
  talk: (connect: () => Promise<StreamSocket>) => Promise<void>,
): Promise<void> {
  const copas = new Copas({ clock: new VirtualClock() });
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => void errors.push(error), true);
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, copas.handler(createRoom(copas)));
  await copas.loop(async () => {
    await talk(() => copas.socket.connect("127.0.0.1", server.addr.port));
    copas.removeserver(server);
  });
  assertEquals(errors, []);
}

Deno.test("a member reads what another one says", () =>
  withRoom(async (connect) => {
    await using ada = await connect();
    assertEquals(await ada.receive(), "Your name?");
    await ada.send("ada\nhello\n");
    assertEquals(await ada.receive(), "* ada is here");
    assertEquals(await ada.receive(), "ada: hello");
  }));

Deno.test("a client that gives no name within 30 seconds is sent away", () =>
  withRoom(async (connect) => {
    await using silent = await connect();
    assertEquals(await silent.receive(), "Your name?");
    assertEquals(await silent.receive(), "Too slow. Goodbye.");
    assertEquals(await silent.receive(), null);
  }));

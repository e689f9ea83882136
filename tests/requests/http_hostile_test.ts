// Servers that answer what nobody asked for, or without end.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { request } from "../../src/http.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("an answer 101 that was not asked for fails the request, and closes the connection", async () => {
  for (
    const headers of [
      "Connection: Upgrade\r\nUpgrade: x\r\n",
      "",
      "Upgrade: x\r\n",
    ]
  ) {
    let rest: string | undefined;
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write(
        `HTTP/1.1 101 Switching Protocols\r\n${headers}\r\nhello`,
      );
      rest = await peer.gone();
    });
    const error = await assertRejects(
      () => request(server.url()),
      Deno.errors.InvalidData,
    );
    assert(error.message.includes("changes the protocol"), error.message);
    // The connection is closed soon, by the client.
    await server.ended;
    assertEquals(rest, "");
  }
});

Deno.test("informational answers before the real one are skipped, up to a limit", async () => {
  for (const code of [100, 102, 103]) {
    const one = `HTTP/1.1 ${code} Interim\r\nLink: </x>\r\n\r\n`;
    await using server = answering(one.repeat(3) + OK);
    assertEquals((await request(server.url()))[0], "ok");
    await using endless = answering(one.repeat(1000) + OK);
    await assertRejects(
      () => request(endless.url()),
      Deno.errors.InvalidData,
      "too many interim answers",
    );
  }
});

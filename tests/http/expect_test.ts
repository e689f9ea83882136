// `Expect: 100-continue`: the body waits for the server's word.

import { assertEquals } from "@std/assert";
import { Copas } from "../../mod.ts";
import { httpFor } from "../../src/http/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { RawServer } from "../fixtures/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Puts "body" to a server that does `answer` when it has the head; resolves to the code, what the server got after the head, and the seconds that it took. */
async function put(
  answer: string,
): Promise<[code: number, got: string, seconds: number]> {
  const clock = new VirtualClock({ quiet: 0.05 });
  let got = "";
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write(answer);
    if (answer.includes(" 200 ") || answer.includes(" 417 ")) {
      got = await peer.gone();
      return;
    }
    got = await peer.until("body");
    await peer.write(OK);
  });
  const [, code] = await httpFor(new Copas({ clock })).request({
    url: server.url(),
    method: "PUT",
    headers: { Expect: "100-continue" },
    source: "body",
  });
  await server.ended;
  return [code, got, Math.round(clock.now())];
}

Deno.test("with Expect, the body is sent when the server agrees", async () => {
  assertEquals(await put("HTTP/1.1 100 Continue\r\n\r\n"), [200, "body", 0]);
  const hints = "HTTP/1.1 103 Early Hints\r\n\r\n";
  const both = `${hints}HTTP/1.1 100 Continue\r\n\r\n`;
  assertEquals(await put(both), [200, "body", 0]);
});

Deno.test("with Expect, no body is sent after an answer that comes first", async () => {
  const refusal = "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n";
  assertEquals(await put(refusal), [417, "", 0]);
  assertEquals(await put(OK), [200, "", 0]);
});

Deno.test("with Expect, the body is sent after a second without a word", async () => {
  assertEquals(await put(""), [200, "body", 1]);
});

Deno.test("a connection whose body was not sent is not kept", async () => {
  await using server = new RawServer(async (peer) => {
    for (; await peer.head() !== "";) await peer.write(OK);
  });
  using http = httpFor(new Copas(), { keepalive: 10 });
  const params = {
    url: server.url(),
    method: "PUT",
    headers: { Expect: "100-continue" },
    source: "body",
  };
  for (let i = 0; i < 2; i++) await http.request(params);
  assertEquals(server.count, 2);
});

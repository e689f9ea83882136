// How answers are framed: what two readers could understand in two ways is refused.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TooLongError } from "../../src/errors/errors.ts";
import { request } from "../../src/http/mod.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

Deno.test("an ambiguous or malformed answer is InvalidData", async () => {
  const answers = [
    "HTTP/1.1 200 OK\n\n",
    "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`,
    `${OK}Content-Length: -1\r\n\r\n`,
    `${OK}Content-Length: 0x2\r\n\r\nab`,
    `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${OK}Content-Length : 2\r\n\r\nab`,
    `${OK} folded: x\r\n\r\n`,
    `${OK}A: b\r\n folded\r\n\r\n`,
    `${OK}A: b\0c\r\n\r\n`,
    `${OK}no colon\r\n\r\n`,
    ...["x\r\n", "\r\n", "-1\r\na", "1\na\r\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n"]
      .map((body) => CHUNKED + body),
    `${CHUNKED}1\r\na\r0\r\n\r\n`,
    `${CHUNKED}fffffffffffffffff\r\n`,
    `${CHUNKED}1;x=\n\r\na\r\n0\r\n\r\n`,
    `${CHUNKED}1;x=\0\r\na\r\n0\r\n\r\n`,
    `${CHUNKED}1 2\r\na\r\n0\r\n\r\n`,
    `${CHUNKED}1 x\r\na\r\n0\r\n\r\n`,
    `${CHUNKED}0\r\nno trailer\r\n\r\n`,
  ];
  for (const answer of answers) {
    await using server = answering(answer);
    await assertRejects(
      () => request({ url: server.url(), as: "text" }),
      Deno.errors.InvalidData,
      "the answer is malformed",
      answer,
    );
  }
});

Deno.test("a body is the same however its bytes are cut", async () => {
  const text =
    `${CHUNKED}3;x="y"\r\nabc\r\n00005 \r\ndefgh\r\n0\r\nT: u\r\n\r\n`;
  for (let size = 1; size < 20; size++) {
    await using server = new RawServer(async (peer) => {
      await peer.head();
      for (let at = 0; at < text.length; at += size) {
        await peer.write(text.slice(at, at + size));
      }
      await peer.gone();
    });
    const url = server.url();
    const [body, , headers] = await request({ url, as: "text" });
    assertEquals([body, headers.t], ["abcdefgh", "u"]);
  }
});

Deno.test("a body goes to the end of the stream where nothing tells its length, or only another coding", async () => {
  for (const headers of ["", "Transfer-Encoding: gzip\r\n"]) {
    await using server = answering(`${OK}${headers}\r\nto the end`);
    assertEquals((await request(server.url()))[0], "to the end");
  }
});

Deno.test("endless headers and trailers are too long", async () => {
  const line = `A: ${"b".repeat(1000)}\r\n`;
  for (const begin of [OK, `${CHUNKED}0\r\n`]) {
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write(begin);
      for (let i = 0; i < 2000; i++) await peer.write(line);
    });
    const error = await assertRejects(
      () => request(server.url()),
      TooLongError,
    );
    assert(error.message.includes("16 KiB"), error.message);
  }
});

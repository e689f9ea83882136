// What a program gets of an answer, and what it can send without more ado.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { Copas } from "../../mod.ts";
import { TimeoutError, TooLongError } from "../../src/errors/errors.ts";
import { getSetCookie, httpFor, request } from "../../src/http/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";

function serve(
  handler: (request: Request) => Response | Promise<Response>,
): { url: string } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    handler,
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("the body is returned as text, JSON or bytes, with any method", async () => {
  await using server = serve(async (request) =>
    Response.json([request.method, await request.text()])
  );
  const params = { url: server.url, method: "PUT", source: "ü" };
  const [text, code] = await request({ ...params, as: "text" });
  assertEquals([text, code], ['["PUT","ü"]', 200]);
  assertEquals((await request({ ...params, as: "json" }))[0], ["PUT", "ü"]);
  const [bytes] = await request({ ...params, as: "bytes" });
  assertEquals(new TextDecoder().decode(bytes), text);
  assertEquals((await request(params))[0], 1);
  await using none = answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ns3cret",
  );
  const error = await assertRejects(
    () => request({ url: none.url(), as: "json" }),
    SyntaxError,
  );
  assert(!Deno.inspect(error).includes("s3cret"));
  await assertRejects(
    () => request({ url: none.url(), as: "text", sink: () => {} }),
    TypeError,
  );
  await assertRejects(
    () => request({ url: none.url(), as: "text", maxbody: 5 }),
    TooLongError,
  );
});

Deno.test("JSON, forms, blobs and buffers are bodies with their type", async () => {
  await using server = serve(async (request) => {
    const type = request.headers.get("content-type") ?? "";
    if (!type.startsWith("multipart/")) {
      return Response.json([type, await request.text()]);
    }
    const form = await request.formData();
    return Response.json([form.get("a"), await (form.get("f") as File).text()]);
  });
  const { url } = server;
  const sent = async (more: object) =>
    (await request({ url, method: "POST", as: "json", ...more }))[0];
  assertEquals(await sent({ json: { a: 1 } }), ["application/json", '{"a":1}']);
  assertEquals(await sent({ json: null }), ["application/json", "null"]);
  assertEquals(await sent({ source: new URLSearchParams({ a: "ü" }) }), [
    "application/x-www-form-urlencoded;charset=UTF-8",
    "a=%C3%BC",
  ]);
  const blob = new Blob(["x"], { type: "text/css" });
  assertEquals(await sent({ source: blob }), ["text/css", "x"]);
  assertEquals(await sent({ source: new ArrayBuffer(1) }), ["", "\0"]);
  const form = new FormData();
  form.set("a", "b");
  form.set("f", new File(["content"], "f.txt"));
  assertEquals(await sent({ source: form }), ["b", "content"]);
  const headers = { "Content-Type": "text/x" };
  assertEquals(await sent({ json: 1, headers }), ["text/x", "1"]);
  await assertRejects(() => sent({ json: 1, source: "" }), TypeError);
  await assertRejects(() => sent({ json: () => {} }), TypeError);
});

Deno.test("onhead sees the head of the final answer, and can do without the body", async () => {
  const heads: unknown[] = [];
  let body = "";
  const sink = (chunk: Uint8Array) =>
    void (body += new TextDecoder().decode(chunk));
  await using server = serve(({ url }) =>
    url.endsWith("/to")
      ? new Response("missing", { status: 404 })
      : Response.redirect(url + "to")
  );
  const onhead = (code: number) => {
    heads.push(code);
    return code === 200;
  };
  const [, code] = await request({ url: server.url, sink, onhead });
  assertEquals([code, heads, body], [404, [404], ""]);
  await request({ url: server.url, sink, onhead: () => undefined });
  assertEquals(body, "missing");
  const mine = new Error("mine");
  const thrown = await request({
    url: server.url,
    onhead: () => Promise.reject(mine),
  }).catch((error) => error);
  assertEquals(thrown, mine);
});

/** An answer with a body that is compressed so. */
function compressed(encoding: string, body: Uint8Array): RawServer {
  return new RawServer(async (peer) => {
    await peer.head();
    await peer.write(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await peer.write(body);
  });
}

Deno.test("a compressed body is asked for and decompressed, unless the caller says otherwise", async () => {
  const text = "hello ".repeat(10_000);
  const encodings = {
    gzip: gzipSync,
    br: brotliCompressSync,
    deflate: deflateSync,
  };
  for (const [encoding, compress] of Object.entries(encodings)) {
    const body = new Uint8Array(compress(text));
    await using server = compressed(encoding, body);
    const url = server.url();
    assertEquals((await request(url))[0], text);
    for (
      const more of [{ decompress: false }, {
        headers: { "Accept-Encoding": "gzip" },
      }]
    ) {
      const [bytes] = await request({ url, as: "bytes", ...more });
      assertEquals(bytes, body);
    }
  }
  await using server = serve(({ headers }) =>
    new Response(headers.get("accept-encoding"))
  );
  assertEquals((await request(server.url))[0], "gzip, br");
  await using empty = compressed("gzip", new Uint8Array(0));
  assertEquals((await request(empty.url()))[0], "");
});

Deno.test("maxbody holds for what comes out of a compressed body", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
  await using server = compressed("gzip", bomb);
  let most = 0;
  await assertRejects(
    () =>
      request({
        url: server.url(),
        maxbody: 100_000,
        sink: (chunk) => void (most = Math.max(most, chunk.length)),
      }),
    TooLongError,
  );
  assert(most <= 65536, String(most));
});

Deno.test("a compressed body that is cut or is none is an error", async () => {
  const body = new Uint8Array(gzipSync("hello ".repeat(1000)));
  for (
    const wrong of [body.subarray(0, 20), new TextEncoder().encode("plain")]
  ) {
    await using server = compressed("gzip", wrong);
    await assertRejects(
      () => request(server.url()),
      Deno.errors.InvalidData,
      "not compressed as the server says",
    );
  }
});

Deno.test("a limit for the whole request is a TimeoutError, and closes the connection", async () => {
  const clock = new VirtualClock({ quiet: 0.05 });
  const copas = new Copas({ clock });
  const gone = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
    await peer.gone();
    gone.resolve();
  });
  const error = await assertRejects(
    () => httpFor(copas).request({ url: server.url(), totaltimeout: 7 }),
    TimeoutError,
  );
  assert(error.message.includes("timed out after 7 s"), error.message);
  assertEquals(Math.round(clock.now()), 7);
  await gone.promise;
});

Deno.test("several Set-Cookie come apart", async () => {
  const cookies = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"];
  await using server = answering(
    `HTTP/1.1 200 OK\r\nSet-Cookie: ${cookies[0]}\r\nX: y\r\nset-cookie: ${
      cookies[1]
    }\r\nContent-Length: 0\r\n\r\n`,
  );
  const [, , headers] = await request(server.url());
  assertEquals(getSetCookie(headers), cookies);
  assertEquals(headers["set-cookie"], cookies.join(", "));
  assertEquals(getSetCookie({}), []);
});

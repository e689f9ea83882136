import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError, TooLongError } from "../../src/errors/errors.ts";
import { type HttpParams, type Progress, request } from "../../src/http/mod.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";
import { turn } from "../fixtures/event_loop.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";

/** What the server gets when it reads up to `end`. */
async function sent(params: Omit<HttpParams, "url">, end: string) {
  let text = "";
  await using server = new RawServer(async (peer) => {
    text = await peer.until(end);
    await peer.write(OK);
  });
  await request({ url: server.url(), method: "PUT", ...params });
  const [head, ...body] = text.split("\r\n\r\n");
  return { head: head.split("\r\n").slice(2), body: body.join("\r\n\r\n") };
}

Deno.test("text and bytes are sent with their length", async () => {
  for (const source of ["grüß", new TextEncoder().encode("grüß")]) {
    const { head, body } = await sent({ source }, "ß");
    assert(head.includes("Content-Length: 6"), head.join());
    assertEquals(body, "grüß");
  }
});

Deno.test("a stream is sent in chunks, and the server is told so", async () => {
  const sources = [
    () => ["ab", new Uint8Array([99])],
    () => new Response("abc").body!,
    async function* () {
      yield "a";
      yield "";
      yield new Uint8Array([98, 99]);
    },
  ];
  for (const make of sources) {
    const { head, body } = await sent({ source: make() }, "0\r\n\r\n");
    assert(head.includes("Transfer-Encoding: chunked"), head.join());
    assertEquals(body.replace(/\w+\r\n(\w+)\r\n/g, "$1"), "abc0\r\n\r\n");
  }
});

Deno.test("a stream whose length is given is sent as it is", async () => {
  const headers = { "content-length": 4 };
  const { head, body } = await sent({ source: ["ab", "cd"], headers }, "cd");
  assert(head.includes("content-length: 4"), head.join());
  assert(!head.join().includes("chunked"));
  assertEquals(body, "abcd");
});

Deno.test("a stream that is not as long as its header says is refused", async () => {
  await using server = new RawServer((peer) => peer.gone());
  for (const source of [["ab", "c"], ["abcdef"]]) {
    const error = await assertRejects(
      () =>
        request({
          url: server.url(),
          method: "PUT",
          source,
          headers: { "Content-Length": 4 },
        }),
      RangeError,
    );
    assert(error.message.includes("must have 4 bytes"), error.message);
  }
});

Deno.test("chunk extensions are skipped, and trailers are among the headers, but replace none", async () => {
  await using server = answering(
    CHUNKED +
      "A: 1\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nB: 2\r\nA: 3\r\n\r\n",
  );
  const [body, , headers] = await request(server.url());
  assertEquals(body, "abcde");
  assertEquals([headers.a, headers.b], ["1", "2"]);
});

Deno.test("a body that is cut is a ClosedError", async () => {
  for (
    const text of [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
      CHUNKED + "\r\n5\r\nabc",
      CHUNKED + "\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le",
    ]
  ) {
    await using server = answering(text);
    await assertRejects(() => request(server.url()), ClosedError);
  }
});

Deno.test("the charset of the type decodes the body, else UTF-8", async () => {
  const head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain";
  const encode = (text: string) =>
    Uint8Array.from(text, (c) => c.charCodeAt(0));
  for (
    const [type, bytes] of [
      ["; charset=iso-8859-1", "\xfc"],
      ["; charset=unheard-of", "\xc3\xbc"],
      ["", "\xc3\xbc"],
    ]
  ) {
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write(encode(`${head}${type}\r\n\r\n${bytes}`));
    });
    assertEquals((await request(server.url()))[0], "ü");
  }
});

/** Sends a body that never ends. */
function endless(): RawServer {
  return new RawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.0 200 OK\r\n\r\n");
    for (const data = new Uint8Array(65536);;) await peer.write(data);
  });
}

Deno.test("a body that never ends is a TooLongError", async () => {
  await using server = endless();
  let received = 0;
  const error = await assertRejects(
    () =>
      request({
        url: server.url(),
        maxbody: 1_000_000,
        sink: (chunk) => void (received += chunk.length),
      }),
    TooLongError,
  );
  assert(received <= 1_000_000);
  assert(error.message.includes("1000000 bytes"), error.message);
});

Deno.test("a length over the limit is refused before the body comes", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
  );
  await assertRejects(() => request(server.url()), TooLongError);
});

Deno.test("headers that never end are a TooLongError", async () => {
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\n");
    for (let i = 0;; i++) await peer.write(`X-${i}: ${"y".repeat(1000)}\r\n`);
  });
  await assertRejects(() => request(server.url()), TooLongError);
});

Deno.test("a WritableStream gets the body and is closed", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
  );
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  const text = new Response(readable).text();
  await request({ url: server.url(), sink: writable });
  assertEquals(await text, "abc");
});

Deno.test("the WritableStream of a request that fails is aborted", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
  );
  const aborted = Promise.withResolvers<unknown>();
  const sink = new WritableStream<Uint8Array>({ abort: aborted.resolve });
  const failed = request({ url: server.url(), sink });
  const error = await assertRejects(() => failed, ClosedError);
  assertEquals(await aborted.promise, error);
});

Deno.test("an error of the caller's own reaches the caller as it is, and ends the request", async () => {
  const error = new RangeError("mine");
  const fail = () => {
    throw error;
  };
  const gone = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer, number) => {
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
    await peer.gone();
    if (number === 4) gone.resolve();
  });
  const url = server.url();
  const source = async function* () {
    yield "a";
    await Promise.reject(error);
  };
  const sink = new WritableStream<Uint8Array>({ write: fail });
  for (
    const params of [
      { url, sink: fail },
      { url, step: fail },
      { url, sink },
      { url, method: "PUT", source: source(), sink: () => {} },
    ]
  ) {
    const told = await request(params).catch((error) => error);
    assertEquals(told, error);
  }
  await gone.promise;
});

Deno.test("step is told of every chunk in both directions", async () => {
  const said: [string, Progress][] = [];
  const step = (chunk: Uint8Array, progress: Progress) =>
    void said.push([new TextDecoder().decode(chunk), progress]);
  await using server = new RawServer(async (peer) => {
    await peer.until("cd");
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz");
  });
  await request({
    url: server.url(),
    method: "PUT",
    source: ["ab", "cd"],
    headers: { "Content-Length": 4 },
    step,
  });
  assertEquals(said, [
    ["ab", { received: 0, sent: 2, total: 4 }],
    ["cd", { received: 0, sent: 4, total: 4 }],
    ["xyz", { received: 3, sent: 4, total: 3 }],
  ]);
});

Deno.test("an answer that comes before the body has been read is the answer", async () => {
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    await peer.gone();
  });
  const stopped = Promise.withResolvers<void>();
  async function* source() {
    try {
      for (const chunk = new Uint8Array(65536);;) {
        yield chunk;
        await turn();
      }
    } finally {
      stopped.resolve();
    }
  }
  const url = server.url();
  const [, code] = await request({ url, method: "PUT", source: source() });
  assertEquals(code, 413);
  await stopped.promise;
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError } from "../../src/errors/errors.ts";
import { request } from "../../src/http/mod.ts";
import { answering, closedPort, RawServer } from "../fixtures/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** A server that tells what it was asked, in JSON. */
function echo(): Deno.HttpServer<Deno.NetAddr> & AsyncDisposable {
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, async (request) => {
    const { pathname, search } = new URL(request.url);
    return Response.json([
      request.method,
      pathname + search,
      request.headers.get("content-type"),
      await request.text(),
    ]);
  });
}

/** What a request looks like on the wire. */
async function sentBy(
  act: (server: RawServer) => Promise<unknown>,
): Promise<string[]> {
  let head = "";
  await using server = new RawServer(async (peer) => {
    head = await peer.head();
    await peer.write(OK);
  });
  await act(server);
  return head.trimEnd().split("\r\n");
}

Deno.test("request(url) gets body, code, headers and status line", async () => {
  await using server = echo();
  const url = `http://127.0.0.1:${server.addr.port}/a?b=c`;
  const [body, code, headers, status] = await request(url);
  assertEquals(JSON.parse(body), ["GET", "/a?b=c", null, ""]);
  assertEquals(code, 200);
  assertEquals(headers["content-type"], "application/json");
  assertEquals(status, "HTTP/1.1 200 OK");
});

Deno.test("request(url, body) posts the body as a form, an empty one as well", async () => {
  await using server = echo();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const form = "application/x-www-form-urlencoded";
  const [body] = await request(url, "a=ü");
  assertEquals(JSON.parse(body), ["POST", "/", form, "a=ü"]);
  const [empty] = await request(url, "");
  assertEquals(JSON.parse(empty), ["POST", "/", form, ""]);
});

Deno.test("request({...}) gives 1, and the body to the sink", async () => {
  await using server = echo();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const [ok, code] = await request({
    url: `http://127.0.0.1:${server.addr.port}/x`,
    method: "PUT",
    source: "content",
    sink: (chunk) => void chunks.push(chunk),
  });
  assertEquals([ok, code], [1, 200]);
  const body = await new Blob(chunks).text();
  assertEquals(JSON.parse(body).slice(0, 2), ["PUT", "/x"]);
});

Deno.test("an answer of 404 or 500 is one like any other", async () => {
  await using missing = answering(
    "HTTP/1.1 404 Very  Odd\r\nContent-Length: 2\r\n\r\nno",
  );
  const [body, code, , status] = await request(missing.url());
  assertEquals([body, code, status], ["no", 404, "HTTP/1.1 404 Very  Odd"]);
  await using broken = answering(
    "HTTP/1.0 500\r\n\r\nuntil the end",
  );
  assertEquals((await request(broken.url()))[0], "until the end");
});

Deno.test("a request says what LuaSocket's says", async () => {
  const lines = await sentBy((server) => {
    const url = server.url("/p;x?q=1#fragment").replace("//", "//me:p%40ss@");
    return request(url);
  });
  const [first, host, ...rest] = lines;
  assertEquals(first, "GET /p;x?q=1 HTTP/1.1");
  assert(/^Host: 127\.0\.0\.1:\d+$/.test(host), host);
  assertEquals(rest, [
    "User-Agent: Copas for Deno",
    "Connection: close, TE",
    "TE: trailers",
    `Authorization: Basic ${btoa("me:p@ss")}`,
    "Accept-Encoding: gzip, br",
  ]);
});

Deno.test("the caller's headers take the place of ours, whatever their case", async () => {
  const lines = await sentBy((server) =>
    request({
      url: server.url().replace("//", "//me:secret@"),
      headers: {
        "user-AGENT": "mine",
        "AUTHORIZATION": "Bearer x",
        "host": "elsewhere",
        "X-Number": 5,
      },
    })
  );
  for (
    const line of [
      "user-AGENT: mine",
      "AUTHORIZATION: Bearer x",
      "host: elsewhere",
      "X-Number: 5",
    ]
  ) assert(lines.includes(line), line);
  assertEquals(
    lines.filter((line) => /^(host|auth|user)/i.test(line)).length,
    3,
  );
});

Deno.test("uri is asked for in place of the URL's path", async () => {
  const [first] = await sentBy((server) =>
    request({ url: server.url("/a"), method: "OPTIONS", uri: "*" })
  );
  assertEquals(first, "OPTIONS * HTTP/1.1");
});

Deno.test("header names are in lower case, and several of one name are joined", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nX-Many: 1\r\nx-MANY: 2\r\n__proto__: 3\r\nContent-Length: 0\r\n\r\n",
  );
  const [, , headers] = await request(server.url());
  assertEquals(headers["x-many"], "1, 2");
  assertEquals(
    Object.getOwnPropertyDescriptor(headers, "__proto__")?.value,
    "3",
  );
});

Deno.test("answers with a code of 1xx are skipped", async () => {
  await using server = answering(
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" +
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
  );
  assertEquals((await request(server.url())).slice(0, 2), ["x", 200]);
});

Deno.test("the answer to HEAD, and those of 204 and 304, have no body", async () => {
  const text = (code: number) => `HTTP/1.1 ${code} X\r\nContent-Length: 5\r\n`;
  await using head = answering(text(200) + "\r\n");
  const sink = () => {
    throw new Error("a body");
  };
  const [, code, headers] = await request({
    url: head.url(),
    method: "HEAD",
    sink,
  });
  assertEquals([code, headers["content-length"]], [200, "5"]);
  for (const code of [204, 304]) {
    await using server = answering(text(code) + "\r\n");
    assertEquals((await request(server.url())).slice(0, 2), ["", code]);
  }
});

Deno.test("no answer at all is a ClosedError with the URL, and never the password", async () => {
  await using server = new RawServer((peer) => peer.head());
  const url = server.url("/x?y").replace("//", "//me:secret@");
  const error = await assertRejects(() => request(url), ClosedError);
  assert(error.message.includes(`Cannot GET ${server.url("/x?…")}: `));
  assert(!Deno.inspect(error).includes("secret"), Deno.inspect(error));
});

Deno.test("a malformed answer is InvalidData", async () => {
  for (
    const text of [
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "just text, as in HTTP/0.9",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ]
  ) {
    await using server = answering(text);
    const error = await assertRejects(
      () => request(server.url()),
      Deno.errors.InvalidData,
    );
    assert(error.message.includes(server.url()), error.message);
    assert(error.cause instanceof Error);
  }
});

Deno.test("a refused connection is Deno's ConnectionRefused, with its cause", async () => {
  const url = `http://127.0.0.1:${closedPort()}/`;
  const error = await assertRejects(
    () => request(url),
    Deno.errors.ConnectionRefused,
  );
  assert(error.message.startsWith(`Cannot GET ${url}: `), error.message);
  assert(error.cause instanceof Deno.errors.ConnectionRefused);
});

Deno.test("a wrong argument is refused before anything is sent", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const url = server.url();
  const smuggled = "x\r\nX-Smuggled: 1";
  // deno-lint-ignore no-explicit-any
  const wrong: any[] = [
    "",
    "no url",
    "gopher://127.0.0.1/",
    url + "a\r\nb",
    url + "a\nb",
    5,
    null,
    [],
    { url, unknown: 1 },
    { url, method: "GET /x" },
    { url, method: smuggled },
    { url, method: "CONNECT" },
    { url, method: "connect" },
    { url, headers: { a: smuggled } },
    { url, headers: { a: "x\ny" } },
    { url, headers: { a: "☃" } },
    { url, headers: { [smuggled]: "a" } },
    { url, headers: { a: {} } },
    { url, headers: "a: b" },
    { url, headers: { "Content-Length": "5" }, source: "1234" },
    { url, headers: { "Content-Length": "-1" }, source: [] },
    { url, headers: { "Transfer-Encoding": "gzip" } },
    { url, uri: smuggled },
    { url, uri: "/a b" },
    { url, proxy: url + smuggled },
    { url, proxy: "ftp://127.0.0.1/" },
    { url, timeout: "5" },
    { url, timeout: null },
    { url, timeout: { read: 5 } },
    { url, timeout: { receive: NaN } },
    { url, redirect: "some" },
    { url, maxredirects: -1 },
    { url, maxbody: -1 },
    { url, step: 1 },
    { url, sink: 1 },
    { url, source: 1 },
    { url, signal: 1 },
    { url, sslparams: { verify: "none" } },
    url.replace("//", "//us%0der@"),
    url.replace("//", "//user:pass%0aw0rd@"),
  ];
  for (const each of wrong) {
    const error = await assertRejects(() => request(each)) as Error;
    const isRight = error instanceof TypeError || error instanceof RangeError;
    assert(isRight, `${Deno.inspect(each)}: ${Deno.inspect(error)}`);
    assert(!error.message.includes("\n"), error.message);
    assert(/request\(\)/.test(error.message), error.message);
    assert(!/w0rd/.test(error.message), error.message);
  }
  assertEquals(server.count, 0);
  assertEquals(
    await request({ url, timeout: { read: 5 } as never }).catch((e) =>
      e.message
    ),
    'request(): "read" is not a valid timeout option; valid are "connect", "send" and "receive"',
  );
});

Deno.test("a URL of another protocol is refused by the name of that", async () => {
  await assertRejects(
    () => request("ftp://user:pass@127.0.0.1/"),
    TypeError,
    'must begin with http:// or https://, got one that begins with "ftp:"',
  );
});

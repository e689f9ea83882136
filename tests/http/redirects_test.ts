import { assert, assertEquals, assertRejects } from "@std/assert";
import { ReplyError, request } from "../../src/http/mod.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function redirect(code: number, location: string): string {
  return `HTTP/1.1 ${code} Elsewhere\r\nLocation: ${location}\r\nContent-Length: 4\r\n\r\nbody`;
}

/** Redirects the first `times` requests to `/next`; keeps what it was asked. */
function redirecting(code: number, times: number, location = "/next") {
  const heads: string[] = [];
  const server = new RawServer(async (peer, number) => {
    heads.push(await peer.head());
    await peer.write(number <= times ? redirect(code, location) : OK);
  });
  return { server, heads };
}

const firstLine = (head: string) => head.split("\r\n")[0];

for (const code of [301, 302, 303, 307]) {
  Deno.test(`a ${code} is followed, and its own body is not delivered`, async () => {
    const { server, heads } = redirecting(code, 1);
    await using _server = server;
    const [body, status] = await request(server.url("/a/b?c"));
    assertEquals([body, status], ["ok", 200]);
    assertEquals(firstLine(heads[1]), "GET /next HTTP/1.1");
  });
}

for (const code of [300, 304, 305, 308]) {
  Deno.test(`a ${code} is the answer`, async () => {
    await using server = answering(redirect(code, "/next"));
    assertEquals((await request(server.url()))[1], code);
    assertEquals(server.count, 1);
  });
}

Deno.test("a redirected HEAD stays HEAD", async () => {
  const { server, heads } = redirecting(302, 1);
  await using _server = server;
  const [, code] = await request({ url: server.url(), method: "HEAD" });
  assertEquals(code, 200);
  assertEquals(firstLine(heads[1]), "HEAD /next HTTP/1.1");
});

Deno.test("what is neither GET nor HEAD, or has a body, is not redirected", async () => {
  await using server = answering(redirect(302, "/next"));
  const url = server.url();
  assertEquals((await request(url, "body"))[1], 302);
  for (
    const params of [
      { url, method: "DELETE" },
      { url, method: "get" },
      { url, source: "body" },
      { url, redirect: false },
    ]
  ) assertEquals((await request(params))[1], 302);
  assertEquals(server.count, 5);
});

Deno.test("a redirect without a Location, or with a blank one, is the answer", async () => {
  await using blank = answering(redirect(302, "  "));
  assertEquals((await request(blank.url()))[1], 302);
  await using none = answering(
    "HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n",
  );
  assertEquals((await request(none.url()))[1], 302);
});

Deno.test("five redirects are followed; the sixth is the answer", async () => {
  const { server } = redirecting(302, Infinity);
  await using _server = server;
  const [body, code] = await request(server.url());
  assertEquals([body, code, server.count], ["body", 302, 6]);
});

Deno.test("maxredirects says how many are followed, false that all are", async () => {
  const two = redirecting(302, Infinity);
  await using _two = two.server;
  const [, code] = await request({ url: two.server.url(), maxredirects: 2 });
  assertEquals([code, two.server.count], [302, 3]);
  const none = redirecting(302, Infinity);
  await using _none = none.server;
  await request({ url: none.server.url(), maxredirects: 0 });
  assertEquals(none.server.count, 1);
  const many = redirecting(302, 20);
  await using _many = many.server;
  const all = await request({ url: many.server.url(), maxredirects: false });
  assertEquals([all[1], many.server.count], [200, 21]);
});

Deno.test("headers, user and sink go along to the same server", async () => {
  const { server, heads } = redirecting(302, 1, "../x");
  await using _server = server;
  const url = server.url("/a/b/c").replace("//", "//me:secret@");
  let body = "";
  await request({
    url,
    headers: { Cookie: "c=1", "X-Own": "1" },
    sink: (chunk) => void (body += new TextDecoder().decode(chunk)),
  });
  assertEquals(body, "ok");
  assertEquals(firstLine(heads[1]), "GET /a/x HTTP/1.1");
  for (const line of ["Cookie: c=1", "X-Own: 1", "Authorization: Basic "]) {
    assert(heads[1].includes(line), heads[1]);
  }
});

Deno.test("credentials don't cross to another server", async () => {
  let head = "";
  await using other = new RawServer(async (peer) => {
    head = await peer.head();
    await peer.write(OK);
  });
  await using server = answering(redirect(302, other.url("/y")));
  await request({
    url: server.url().replace("//", "//me:secret@"),
    headers: {
      Cookie: "c=1",
      AUTHORIZATION: "Bearer secret",
      "Proxy-Authorization": "Basic secret",
      Host: "virtual",
      "X-Own": "1",
    },
  });
  assert(head.includes("X-Own: 1"), head);
  assert(head.includes(`Host: 127.0.0.1:${other.port}\r\n`), head);
  assert(!/secret|cookie|authorization|virtual/i.test(head), head);
});

Deno.test("a redirect to what is not HTTP is refused", async () => {
  for (const location of ["file:///etc/passwd", "ftp://127.0.0.1/", "//["]) {
    await using server = answering(redirect(302, location));
    const error = await assertRejects(() => request(server.url()), ReplyError);
    assertEquals([error.code, error.reply], ["refused", 302]);
    assert(error.message.includes(server.url()), error.message);
  }
});

/** An HTTPS server by Deno, which has nothing to do with ours. */
function secure(
  certified: { cert: string; key: string },
  handler: (request: Request) => Response,
) {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  return Deno.serve({ ...options, ...certified }, handler);
}

tlsTest(
  "https to http is refused, unless redirect is all",
  async ({ localhost, trust }) => {
    await using plain = answering(OK);
    const headers = { Location: plain.url("/x") };
    await using server = secure(
      localhost,
      () => new Response(null, { status: 302, headers }),
    );
    const params = {
      url: `https://localhost:${server.addr.port}/`,
      sslparams: trust,
    };
    const error = await assertRejects(
      () => request({ ...params, redirect: true }),
      ReplyError,
    );
    assert(error.message.includes("insecure redirect"), error.message);
    assertEquals(plain.count, 0);
    const [, code] = await request({ ...params, redirect: "all" });
    assertEquals([code, plain.count], [200, 1]);
  },
);

tlsTest(
  "each hop has to prove its own name",
  async ({ authority, localhost, trust }) => {
    const other = await authority.issue({ cn: "other", names: "IP:127.0.0.1" });
    await using target = secure(other, () => new Response("there"));
    const { port } = target.addr;
    const to = (host: string) =>
      secure(
        localhost,
        () => Response.redirect(`https://${host}:${port}/`, 302),
      );
    await using good = to("127.0.0.1");
    const sslparams = { ...trust, servername: "localhost" };
    const [, code] = await request({
      url: `https://127.0.0.1:${good.addr.port}/`,
      sslparams,
    });
    assertEquals(code, 200);
    // The certificate there does not have the name, although the first one had.
    await using bad = to("localhost");
    const error = await assertRejects(() =>
      request({ url: `https://localhost:${bad.addr.port}/`, sslparams: trust })
    );
    assertEquals((error as Error).name, "HandshakeError");
  },
);

Deno.test("by the standard rules, any method is redirected, and 303 asks by GET", async () => {
  const cases: [number, string, string | undefined, string[]][] = [
    [303, "POST", "body", ["GET", ""]],
    [303, "PUT", "body", ["GET", ""]],
    [302, "POST", "body", ["GET", ""]],
    [302, "PUT", "body", ["PUT", "body"]],
    [307, "POST", "body", ["POST", "body"]],
    [308, "POST", "body", ["POST", "body"]],
    [308, "GET", undefined, ["GET", ""]],
  ];
  for (const [code, method, source, expected] of cases) {
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
    }, async (request) => {
      const body = await request.text();
      return request.url.endsWith("/to")
        ? Response.json([request.method, body])
        : new Response(null, { status: code, headers: { location: "/to" } });
    });
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const params = { url, method, source, as: "json" } as const;
    const [got] = await request({ ...params, redirect: "standard" });
    assertEquals(got, expected, `${code} ${method}`);
    if (method === "GET") continue;
    const sink = () => {};
    assertEquals((await request({ url, method, source, sink }))[1], code);
    // A stream is gone when it has been sent.
    if (code < 307) continue;
    const stream = new Blob(["body"]).stream();
    const more = { redirect: "standard", source: stream, sink } as const;
    assertEquals((await request({ url, method, ...more }))[1], code);
  }
});

Deno.test("a redirect to a password with a line break is the server's error, not the caller's", async () => {
  const location = "http://user:a%0d%0ab@127.0.0.1/";
  await using server = answering(redirect(302, location));
  const error = await assertRejects(
    () => request(server.url()),
    ReplyError,
    "user or password",
  );
  assert(!error.message.includes("0d"), error.message);
});

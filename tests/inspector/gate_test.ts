import { assert, assertEquals } from "@std/assert";
import { Inspected, TOKEN } from "../fixtures/inspected.ts";

Deno.test("nothing but the health is told without a token", async () => {
  await using inspected = new Inspected();
  for (
    const path of [
      "/",
      "/page.js",
      "/events",
      "/session",
      "/rows?table=threads",
      "/metrics",
      "/libraries/uplot.js",
      "/?token=",
      "/?token=wrong",
      `/metrics?token=${TOKEN}`,
      `/session?token=${TOKEN}`,
    ]
  ) {
    const { code, text, headers } = await inspected.ask({ path });
    assertEquals(code, 401, path);
    assert(!text.includes(TOKEN));
    assertEquals(headers.get("set-cookie"), null);
  }
  for (const path of ["/healthz", "/readyz"]) {
    const { code, text } = await inspected.ask({ path });
    assertEquals([code, text], [200, "ok\n"]);
  }
});

Deno.test("the token is exchanged for a cookie that scripts and other sites don't get, and the address of the page has none", async () => {
  await using inspected = new Inspected();
  const { code, headers, text } = await inspected.ask({
    path: `/?token=${TOKEN}`,
  });
  assertEquals(code, 200);
  assert(/http-equiv="refresh" content="0;url=\/"/.test(text));
  assert(!text.includes(TOKEN));
  const cookie = headers.get("set-cookie")!;
  assert(/; HttpOnly; SameSite=Strict$/.test(cookie), cookie);
  assert(!cookie.includes(TOKEN));
  assertEquals(headers.get("referrer-policy"), "no-referrer");
  const page = await inspected.ask({
    headers: { cookie: cookie.split(";")[0] },
  });
  assertEquals(page.code, 200);
  assert(page.text.includes("Copas inspector"));
});

Deno.test("forged cookies open nothing, and don't hide the right one", async () => {
  await using inspected = new Inspected();
  const right = await inspected.enter();
  const [name] = right.split("=");
  for (
    const cookie of [
      name,
      `${name}=`,
      `${name}=${TOKEN}`,
      `${name}=__proto__`,
      `${right}x`,
      `other=${right.split("=")[1]}`,
      "=".repeat(1000),
      ";".repeat(1000),
    ]
  ) {
    const { code } = await inspected.ask({ headers: { cookie } });
    assertEquals(code, 401, cookie);
  }
  const both = `${name}=forged; ${right}; ${name}=forged`;
  assertEquals((await inspected.ask({ headers: { cookie: both } })).code, 200);
});

Deno.test("a request for another host name is refused, with the token and with the cookie", async () => {
  await using inspected = new Inspected({ hosts: ["inspector.example"] });
  const { port } = inspected;
  const cookie = await inspected.enter();
  for (
    const host of [
      "rebound.example",
      `rebound.example:${port}`,
      `127.0.0.1.rebound.example:${port}`,
      `127.0.0.2:${port}`,
      `127.0.0.1:${port}@rebound.example`,
      `127.0.0.1:${port + 1}`,
      "",
    ]
  ) {
    for (const path of ["/", `/?token=${TOKEN}`, "/healthz", "/events"]) {
      const { code, headers } = await inspected.ask({
        path,
        headers: { host, cookie },
      });
      assert(code === 421 || code === 400, `${host}${path}: ${code}`);
      assertEquals(headers.get("set-cookie"), null);
    }
  }
  for (
    const host of [
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      "inspector.example",
      `inspector.example:${port}`,
    ]
  ) {
    const { code } = await inspected.ask({ headers: { host, cookie } });
    assertEquals(code, 200, host);
  }
});

Deno.test("a page of another site, or of another port, neither reads nor does anything", async () => {
  await using inspected = new Inspected();
  const cookie = await inspected.enter();
  const own = await inspected.orderHeaders(cookie);
  const { port } = inspected;
  const body = JSON.stringify({ action: "pause", id: 1 });
  const order = (headers: Record<string, string>) =>
    inspected.ask({ method: "POST", path: "/actions", headers, body });
  // It would be obeyed but that there is no such server.
  assertEquals((await order(own)).code, 404);
  for (
    const forged of <Record<string, string>[]> [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://127.0.0.1:${port + 1}` },
      { origin: `http://127.0.0.1:${port}.evil.example` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "x-inspector-proof": "" },
      { "x-inspector-proof": TOKEN },
    ]
  ) {
    const { code } = await order({ ...own, ...forged });
    assertEquals(code, 403, JSON.stringify(forged));
  }
  const { origin: _, ...without } = own;
  assertEquals((await order(without)).code, 403);
  // What a form can send without asking first.
  const type = "text/plain";
  assertEquals((await order({ ...own, "content-type": type })).code, 400);
  const read = { cookie, "sec-fetch-site": "same-site" };
  for (const path of ["/session", "/rows?table=threads", "/events"]) {
    assertEquals((await inspected.ask({ path, headers: read })).code, 403);
  }
  const script = { ...read, "sec-fetch-dest": "script" };
  assertEquals(
    (await inspected.ask({ path: "/page.js", headers: script })).code,
    403,
  );
});

Deno.test("an order comes by POST, and only orders do", async () => {
  await using inspected = new Inspected();
  const headers = await inspected.orderHeaders(await inspected.enter());
  const code = async (method: string, path: string, body = "") =>
    (await inspected.ask({ method, path, headers, body })).code;
  assertEquals(await code("GET", "/actions"), 405);
  assertEquals(await code("POST", "/rows"), 405);
  assertEquals(await code("PUT", "/actions", "{}"), 405);
  assertEquals(await code("DELETE", "/"), 405);
  for (
    const body of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"action":"close"}',
      '{"action":1,"id":1}',
      '{"action":"close","id":1.5}',
      '{"action":"close","id":1,"worker":"1"}',
      `{"action":"${"x".repeat(5000)}","id":1}`,
    ]
  ) {
    assertEquals(await code("POST", "/actions", body), 400, body.slice(0, 50));
  }
  for (const action of ["toString", "__proto__", "constructor", "Close"]) {
    const body = JSON.stringify({ action, id: 1 });
    assertEquals(await code("POST", "/actions", body), 404, action);
  }
});

Deno.test("each answer says that scripts are the inspector's own and no page may show it", async () => {
  await using inspected = new Inspected();
  const cookie = await inspected.enter();
  for (const path of ["/", "/page.js", "/rows?table=threads", "/none"]) {
    const { headers } = await inspected.ask({ path, headers: { cookie } });
    const policy = headers.get("content-security-policy")!;
    assert(policy.startsWith("default-src 'none'; script-src 'self';"));
    assert(policy.includes("frame-ancestors 'none'"));
    assert(!policy.includes("unsafe"));
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("cache-control"), "no-store");
    assertEquals(headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("Prometheus reads the metrics with the token as bearer", async () => {
  await using inspected = new Inspected();
  const metrics = (authorization: string) =>
    inspected.ask({ path: "/metrics", headers: { authorization } });
  const { code, text, headers } = await metrics(`Bearer ${TOKEN}`);
  assertEquals(code, 200);
  assert(headers.get("content-type")!.startsWith("text/plain"));
  assert(/^copas_/m.test(text), text);
  for (const wrong of ["Bearer", "Bearer ", "Basic " + TOKEN, TOKEN]) {
    assertEquals((await metrics(wrong)).code, 401, wrong);
  }
  // It opens the metrics, and nothing else.
  const authorization = `Bearer ${TOKEN}`;
  const { code: page } = await inspected.ask({ headers: { authorization } });
  assertEquals(page, 401);
});

Deno.test("the oldest of very many sessions ends", async () => {
  await using inspected = new Inspected();
  const first = await inspected.enter();
  const code = async (cookie: string) =>
    (await inspected.ask({ headers: { cookie } })).code;
  assertEquals(await code(first), 200);
  for (let i = 0; i < 63; i++) await inspected.enter();
  assertEquals(await code(first), 200);
  const last = await inspected.enter();
  assertEquals([await code(first), await code(last)], [401, 200]);
});

import { assertEquals, assertRejects } from "@std/assert";
import { Copas, ScopeError } from "../../mod.ts";
import { httpFor } from "../../src/http/mod.ts";

/** Serves `answer` to every request, and counts them. */
function server(copas: Copas, answer: string): { port: number; count: number } {
  const listener = copas.socket.bind("127.0.0.1", 0);
  const state = { port: listener.addr.port, count: 0 };
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      state.count++;
      for await (const line of skt) {
        if (line === "") break;
      }
      await skt.send(answer.replaceAll("\n", "\r\n"));
    }),
  );
  return state;
}

Deno.test("a redirect does not lead out of the scope", async () => {
  const copas = new Copas();
  const secret = server(copas, "HTTP/1.1 200 OK\ncontent-length: 0\n\n");
  const open = server(
    copas,
    `HTTP/1.1 302 Found\nlocation: http://127.0.0.1:${secret.port}/\ncontent-length: 0\nconnection: close\n\n`,
  );
  const view = copas.scoped({ net: [`127.0.0.1:${open.port}`] });
  let error: ScopeError | undefined;
  await copas.loop(async () => {
    try {
      error = await assertRejects(
        () => httpFor(view).request(`http://127.0.0.1:${open.port}/`),
        ScopeError,
      );
    } finally {
      copas.cancelall();
    }
  });
  assertEquals(error?.entry, `127.0.0.1:${secret.port}`);
  assertEquals([open.count, secret.count], [1, 0]);
  assertEquals(
    view.netaccess().connect,
    [`127.0.0.1:${open.port}`],
  );
});

/** What a proxy is asked for, by a view that may reach the proxy and `also`. */
async function asked(
  url: string,
  also: string[],
): Promise<{ error?: ScopeError; count: number }> {
  const copas = new Copas();
  const proxy = server(
    copas,
    "HTTP/1.1 302 Found\nlocation: http://169.254.169.254/latest\ncontent-length: 0\nconnection: close\n\n",
  );
  const view = copas.scoped({ net: [`127.0.0.1:${proxy.port}`, ...also] });
  let error: ScopeError | undefined;
  await copas.loop(async () => {
    try {
      error = await assertRejects(
        () =>
          httpFor(view).request({
            url,
            proxy: `http://127.0.0.1:${proxy.port}`,
          }),
        ScopeError,
      );
    } finally {
      copas.cancelall();
    }
  });
  return { error, count: proxy.count };
}

Deno.test("what a proxy is asked for must be in the scope: the URL, plain or in a tunnel, and each redirect", async () => {
  for (const scheme of ["http", "https"]) {
    const { error, count } = await asked(
      `${scheme}://169.254.169.254:81/`,
      ["example.com"],
    );
    assertEquals(error?.entry, "169.254.169.254:81");
    assertEquals(count, 0);
  }
  const redirected = await asked("http://example.com/", ["example.com"]);
  assertEquals(redirected.error?.entry, "169.254.169.254:80");
  assertEquals(redirected.count, 1);
});

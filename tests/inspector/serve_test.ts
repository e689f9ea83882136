import { assert, assertEquals, assertThrows } from "@std/assert";
import { Copas, ScopeError } from "../../mod.ts";
import { type InspectorOptions, serve } from "../../src/inspector/mod.ts";
import { Inspected, TOKEN } from "../fixtures/inspected.ts";
import { runScript } from "../fixtures/socket_child.ts";

Deno.test("wrong options are refused, and named", () => {
  const copas = new Copas();
  const refused = (options: unknown, message: string, kind = TypeError) =>
    assertThrows(
      () => serve(copas, options as InspectorOptions),
      kind as unknown as ErrorConstructor,
      message,
    );
  refused(null, "the options must be an object, got null");
  refused({ prot: 1 }, "the options have no key prot");
  refused({ port: "80" }, "port");
  refused({ port: 70000 }, "port", RangeError as never);
  refused({ token: "short" }, "at least 16 characters", RangeError as never);
  refused({ token: 1 }, "token must be a string, got 1");
  refused({ hosts: "example.com" }, "hosts must be names");
  refused({ hosts: ["http://example.com"] }, "hosts must be names");
  refused({ hosts: ["a b"] }, "hosts must be names");
  refused({ hostname: "0.0.0.0" }, "name in hosts");
  refused({ hostname: "::" }, "name in hosts");
  refused({ cert: "PEM" }, "cert and key are given together");
  assertThrows(() => serve({} as Copas), TypeError, "must be a Copas");
});

Deno.test("the address must be in the scope, and stands in the access", () => {
  const scoped = new Copas({ net: ["127.0.0.1:1"] });
  assertThrows(() => serve(scoped), ScopeError);
});

Deno.test("the access tells where the inspector listens", async () => {
  const copas = new Copas();
  const inspector = serve(copas);
  assert(String(copas.netaccess()).includes("127.0.0.1"));
  await inspector.close();
});

Deno.test("the address of the page has a token that can't be guessed", async () => {
  const [one, two] = [serve(new Copas()), serve(new Copas())];
  const tokens = [one, two].map(({ url }) => {
    const { hostname, searchParams } = new URL(url);
    assertEquals(hostname, "127.0.0.1");
    return searchParams.get("token")!;
  });
  assert(tokens[0] !== tokens[1]);
  for (const token of tokens) assert(/^[\w-]{32}$/.test(token), token);
  await one.close();
  await two[Symbol.asyncDispose]();
});

Deno.test("it is ready while the loop runs and does not end", async () => {
  const copas = new Copas();
  const inspector = serve(copas, { token: TOKEN });
  const url = `http://127.0.0.1:${inspector.addr.port}`;
  const code = async (path: string) => {
    const response = await fetch(url + path);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await code("/healthz"), await code("/readyz")], [200, 503]);
  const end = Promise.withResolvers<void>();
  copas.addthread(() => copas.wait(end.promise));
  const loop = copas.loop();
  assertEquals(await code("/readyz"), 200);
  copas.exit();
  assertEquals([await code("/healthz"), await code("/readyz")], [200, 503]);
  end.resolve();
  await loop;
  assertEquals(await code("/readyz"), 503);
  await inspector.close();
});

Deno.test("neither the loop nor the process stays for the inspector", async () => {
  const { code, stdout, stderr } = await runScript(
    `import copas from "{mod}";
     import { serve } from "{src}/inspector/mod.ts";
     const { url } = serve(copas);
     copas.addthread(async () => {
       const page = await copas.wait(fetch(url));
       await copas.wait(page.text());
       console.log(page.status);
     });
     await copas.loop();
     console.log("over");`,
    ["--allow-net=127.0.0.1"],
  );
  assertEquals([code, stdout], [0, "200\nover\n"], stderr);
});

Deno.test("a process whose page another one watches ends with its loop", async () => {
  const program = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--quiet",
      `import { Copas } from ${
        JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
      };
       import { serve } from ${
        JSON.stringify(
          new URL("../../src/inspector/mod.ts", import.meta.url).href,
        )
      };
       const copas = new Copas();
       const inspector = serve(copas);
       console.log(inspector.url);
       copas.addserver(copas.socket.bind("127.0.0.1", 0), () => {});
       copas.addthread(async () => {
         for await (const _ of Deno.stdin.readable) break;
         copas.exit();
       });
       await copas.loop();`,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = program.stdout.getReader();
  const { value } = await reader.read();
  const url = new TextDecoder().decode(value).trim();
  const page = await fetch(url);
  await page.text();
  const cookie = page.headers.get("set-cookie")!.split(";")[0];
  const { body } = await fetch(new URL("/events", url), {
    headers: { cookie },
  });
  const events = body!.getReader();
  await events.read();
  const input = program.stdin.getWriter();
  await input.write(new TextEncoder().encode("end\n"));
  await input.close();
  const { code } = await program.status;
  assertEquals(code, 0);
  await events.read().then(() => events.cancel(), () => {});
  reader.releaseLock();
  await program.stdout.cancel();
});

Deno.test("closing it ends what pages have open, and frees the port; twice is once", async () => {
  await using inspected = new Inspected();
  const cookie = await inspected.enter();
  const { port } = inspected;
  const url = `http://127.0.0.1:${port}/events`;
  const { body } = await fetch(url, { headers: { cookie } });
  const reader = body!.getReader();
  await reader.read();
  await inspected.inspector.close();
  for (;;) {
    const ended = await reader.read().then(({ done }) => done, () => true);
    if (ended) break;
  }
  await inspected.inspector.close();
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});

Deno.test("a thread that has started it, and was removed, takes nothing of it along", async () => {
  const copas = new Copas();
  const thread = copas.addthread(async () => {
    const inspector = serve(copas, { token: TOKEN });
    try {
      await copas.pauseforever();
    } finally {
      started.resolve(inspector);
    }
  });
  const started = Promise.withResolvers<ReturnType<typeof serve>>();
  copas.addthread(() => copas.removethread(thread));
  const end = Promise.withResolvers<void>();
  copas.addthread(() => copas.wait(end.promise));
  const loop = copas.loop();
  const inspector = await started.promise;
  const page = await fetch(inspector.url);
  assertEquals(page.status, 200);
  await page.text();
  end.resolve();
  await loop;
  await inspector.close();
});

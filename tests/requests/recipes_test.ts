// The recipes of docs/requests.md, run as they stand there but for their hosts.

import { assert, assertEquals } from "@std/assert";
import { FtpServer } from "../fixtures/ftp_server.ts";
import { MailServer } from "../fixtures/mail_server.ts";
import { runProgram } from "../fixtures/socket_child.ts";
import { type Certificates, tlsTest } from "../fixtures/tls_world.ts";

const root = new URL("../../", import.meta.url);
const text = await Deno.readTextFile(new URL("docs/requests.md", root));
const recipes = text.slice(
  text.indexOf("## Recipes"),
  text.indexOf("## What differs"),
);

/** The programs under a heading. */
function programs(heading: string): string[] {
  const [, section] = recipes.split(`### ${heading}\n`);
  assert(section !== undefined, `docs/requests.md has no ${heading}`);
  const [body] = section.split("\n### ");
  return [...body.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code);
}

/** What the recipes ask. */
async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const { method, headers } = request;
  switch (pathname) {
    case "/notes":
      return method === "POST"
        ? Response.json({ id: 7, ...await request.json() })
        : Response.json(["a", "b"]);
    case "/upload": {
      const form = await request.formData();
      const content = await (form.get("file") as File).text();
      return new Response(null, { status: content === "my notes" ? 201 : 400 });
    }
    case "/big.zip": {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.get("range")!)![1]);
      return new Response("0123456789".slice(from), { status: 206 });
    }
    case "/login":
      assertEquals(await request.text(), "user=me&password=secret");
      return new Response(null, {
        status: 303,
        headers: { "set-cookie": "session=1; HttpOnly", location: "/" },
      });
    case "/private":
      return new Response(headers.get("cookie") === "session=1" ? "mine" : "");
    case "/log":
      return new Response("a log");
    default:
      return new Response(`page ${searchParams.get("page")}`);
  }
}

/** Runs each program of a recipe in a folder with `files`; resolves to the output, and to what became of the file `big.zip`. */
async function run(
  heading: string,
  replaced: Record<string, string>,
  files: Record<string, string> = {},
): Promise<[output: string, big?: string]> {
  const folder = await Deno.makeTempDir({ prefix: "copas_recipe_" });
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, content);
    }
    let output = "";
    const found = programs(heading);
    assert(found.length > 0, heading);
    for (let program of found) {
      const all = {
        "jsr:@copas/copas/": `${root}src/`,
        "jsr:@copas/copas": `${root}mod.ts`,
        ...replaced,
      };
      for (const [from, to] of Object.entries(all)) {
        program = program.replaceAll(from, to);
      }
      for (const name of ["http", "ftp", "smtp"]) {
        program = program.replaceAll(`src/${name}"`, `src/${name}/mod.ts"`);
      }
      await Deno.writeTextFile(`${folder}/recipe.ts`, program);
      const outcome = await runProgram([
        ...["sh", "-c", 'cd "$0" && exec "$@"', folder, Deno.execPath()],
        ...["run", "--quiet", "--no-config", "--no-lock", "--no-check"],
        ...["--allow-all", "--unstable-net", "recipe.ts"],
      ]);
      assertEquals([outcome.code, outcome.stderr], [0, ""], heading);
      output += outcome.stdout;
    }
    const big = await Deno.readTextFile(`${folder}/big.zip`).catch(() =>
      undefined
    );
    return [output, big];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const options = { hostname: "127.0.0.1", port: 0, onListen() {} };

Deno.test("the recipes of http run", async () => {
  await using server = Deno.serve(options, answer);
  const host = `127.0.0.1:${server.addr.port}`;
  const here = { "https://example.com": `http://${host}` };
  const output = async (heading: string, files = {}) =>
    (await run(heading, here, files))[0];
  assertEquals(await output("Get JSON"), "200 2\n");
  assertEquals(await output("Post JSON"), "200 7\n");
  const notes = { "notes.txt": "my notes" };
  assertEquals(await output("Upload a form", notes), "201\n");
  const download = "Download, with progress, and go on where it broke off";
  const [progress, big] = await run(download, here, { "big.zip": "012345" });
  assertEquals([progress, big], ["4 4\n5\n", "0123456789"]);
  assertEquals(await output("Log in, and keep the cookies"), "4\n");
  const proxy = { ...here, "proxy.example.com:3128": host };
  assertEquals((await run("Through a proxy", proxy))[0], "9\n");
  const many = await output("Many at once, with a limit");
  assertEquals(many.trim().split("\n").length, 200);
});

tlsTest(
  "the recipes of TLS, mail and FTP run",
  async ({ localhost, alice, authority, trust }: Certificates) => {
    await using server = Deno.serve({ ...options, ...localhost }, answer);
    const trusted = JSON.stringify(trust.caCerts);
    const identity = {
      "https://example.com": `https://localhost:${server.addr.port}`,
      "cert: await": `caCerts: ${trusted}, cert: await`,
    };
    const files = { "me.pem": alice.cert, "me.key": alice.key };
    assertEquals(
      (await run("With a client certificate", identity, files))[0],
      "9\n",
    );

    await using mail = await MailServer.start({ ...localhost });
    const post = {
      "mail.example.com": "localhost",
      "port: 587": `port: ${mail.port}, sslparams: { caCerts: ${
        JSON.stringify([authority.cert])
      } }`,
      'Deno.env.get("MAIL_PASSWORD")': '"secret"',
    };
    const notes = { "notes.txt": "my notes" };
    await run("Mail with an attachment", post, notes);
    const [{ to, secure, user, text }] = mail.mails;
    assertEquals([to, secure, user], [["fred@example.com"], true, "me"]);
    assert(text.includes(btoa("my notes")), text);

    await using ftp = await FtpServer.start();
    await Deno.mkdir(`${ftp.folder}/notes`);
    await Deno.writeTextFile(`${ftp.folder}/notes/a b.txt`, "hello");
    const transfer = {
      "me:secret@ftp.example.com": `me:s%3Acret@127.0.0.1:${ftp.port}`,
    };
    // Once with a connection for each call, once in a session.
    const [listed] = await run("List a folder", transfer);
    assertEquals(listed, "a b.txt 5\n".repeat(2));
  },
);

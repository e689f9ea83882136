// The examples with TLS: tls_echo_server, tls_echo_client, https_client,
// starttls_server, tls_sni_server, job_server. Each runs with its own flags, in a folder
// with certificates that are made on the spot.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { hasOpenssl, selfSigned } from "../fixtures/certificates.ts";
import { Program } from "../fixtures/program.ts";
import { isInstalled } from "../fixtures/socket_child.ts";

const root = new URL("../../", import.meta.url);
const hasCurl = await isInstalled("curl");

/** A test in a folder with certificates for localhost, a.example and b.example. */
function example(
  name: string,
  body: (folder: string) => Promise<void>,
  needs = true,
): void {
  Deno.test({
    name,
    ignore: !hasOpenssl || !needs,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "copas_example_" });
      try {
        const names = "DNS:localhost,IP:127.0.0.1";
        await write(folder, "cert.pem", "key.pem", "localhost", names);
        for (const name of ["a.example", "b.example"]) {
          const files = [`${name}.pem`, `${name}.key`] as const;
          await write(folder, ...files, name, `DNS:${name}`);
        }
        await body(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

async function write(
  folder: string,
  certFile: string,
  keyFile: string,
  name: string,
  names: string,
): Promise<void> {
  const { cert, key } = await selfSigned(name, names);
  await Deno.writeTextFile(`${folder}/${certFile}`, cert);
  await Deno.writeTextFile(`${folder}/${keyFile}`, key);
}

/** Runs an example with the flags of its first comment, for another port. */
function run(
  folder: string,
  name: string,
  port: number,
  extra: { flags?: string[]; args?: string[] } = {},
): Program {
  const file = new URL(`examples/${name}.ts`, root);
  const text = Deno.readTextFileSync(file);
  const flags = /^\/\/ Run: {2}deno run (.*) examples\//m.exec(text)![1]
    .replace(/:(8080|443)\b/, `:${port}`)
    .split(" ");
  const imports = Object.entries(config.exports).map(([path, file]) => [
    `jsr:@copas/copas${path.slice(1)}`,
    new URL(file, root).href,
  ]);
  const map = JSON.stringify({ imports: Object.fromEntries(imports) });
  return new Program([
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--no-config"],
    `--import-map=data:application/json,${encodeURIComponent(map)}`,
    ...flags,
    ...(extra.flags ?? []),
    file.href,
    ...(extra.args ?? [`${port}`]),
  ], { cwd: folder });
}

/** Starts an example that is a server; gives its port as well. */
async function serve(
  folder: string,
  name: string,
): Promise<{ server: Program; port: number }> {
  const server = run(folder, name, 0);
  const [, port] = await server.says(/on 127\.0\.0\.1:(\d+)/);
  return { server, port: Number(port) };
}

/** What `openssl s_client` hears. */
async function openssl(
  folder: string,
  port: number,
  input: string,
  ...args: string[]
): Promise<string> {
  await using client = new Program([
    ...["openssl", "s_client", "-quiet", "-verify_return_error"],
    ...["-connect", `127.0.0.1:${port}`, ...args],
  ], { cwd: folder, input });
  return (await client.ended()).output;
}

example(
  "tls_echo_server and tls_echo_client talk to each other",
  async (folder) => {
    const { server, port } = await serve(folder, "tls_echo_server");
    await using _ = server;
    await using client = run(folder, "tls_echo_client", port);
    const { output, code } = await client.ended();
    assertEquals(output, "hello\nencrypted on the way\nbye\n");
    assertEquals(code, 0);
  },
);

example(
  "tls_echo_server answers openssl, and says in a line who does not trust it",
  async (folder) => {
    const { server, port } = await serve(folder, "tls_echo_server");
    await using _ = server;
    await using client = new Program([
      ...["openssl", "s_client", "-quiet", "-connect", `127.0.0.1:${port}`],
      ...["-CAfile", "cert.pem"],
    ], { cwd: folder, input: "hello\n" });
    await client.says(/^hello$/m);
    await openssl(folder, port, "hello\n", "-CAfile", "a.example.pem");
    const [line] = await server.says(/^Cannot establish TLS with .*$/m);
    assertStringIncludes(line, "it does not trust our certificate");
  },
);

example(
  "tls_echo_client refuses a server with another certificate",
  async (folder) => {
    const { server, port } = await serve(folder, "tls_echo_server");
    await using _ = server;
    await Deno.copyFile(`${folder}/a.example.pem`, `${folder}/cert.pem`);
    await using client = run(folder, "tls_echo_client", port);
    const { output, code } = await client.ended();
    assertStringIncludes(output, "not from an authority that is trusted");
    assertEquals(code, 1);
  },
);

example(
  "https_client gets a page, with a length and without one",
  async (folder) => {
    const { cert, key } = {
      cert: await Deno.readTextFile(`${folder}/cert.pem`),
      key: await Deno.readTextFile(`${folder}/key.pem`),
    };
    for (const header of ["Content-Length: 6\r\n", ""]) {
      const listener = Deno.listenTls({
        hostname: "127.0.0.1",
        port: 0,
        cert,
        key,
        alpnProtocols: ["http/1.1"],
      });
      const { port } = listener.addr as Deno.NetAddr;
      const asked = answerOnce(
        listener,
        `HTTP/1.0 200 OK\r\n${header}\r\na page`,
      );
      await using client = run(folder, "https_client", port, {
        flags: [`--allow-net=localhost:${port}`, "--cert=cert.pem"],
        args: [`https://localhost:${port}/path?query`],
      });
      const { output, code } = await client.ended();
      assertEquals([output, code], ["HTTP/1.0 200 OK\na page\n", 0]);
      assertStringIncludes(await asked, "GET /path?query HTTP/1.0\r\n");
      listener.close();
    }
  },
);

/** Takes a request, gives an answer, and closes as it should be. */
async function answerOnce(
  listener: Deno.TlsListener,
  answer: string,
): Promise<string> {
  const conn = await listener.accept();
  const into = new Uint8Array(4096);
  const count = await conn.read(into);
  await conn.write(new TextEncoder().encode(answer));
  conn.close();
  return new TextDecoder().decode(into.subarray(0, count ?? 0));
}

example(
  "starttls_server takes a mail from openssl, inside TLS",
  async (folder) => {
    const { server, port } = await serve(folder, "starttls_server");
    await using _ = server;
    const mail =
      "EHLO me\nMAIL FROM:<me>\nRCPT TO:<you>\nDATA\nhello\n\nyou\n.\n" +
      "STARTTLS\nquit\n";
    const args = ["-crlf", "-starttls", "smtp", "-CAfile", "cert.pem"];
    const heard = await openssl(folder, port, mail, ...args);
    const answers = heard.split("\n").filter((line) => /^\d\d\d /.test(line));
    assertEquals(answers.map((line) => line.trim()).slice(-7), [
      "250 localhost",
      "250 fine",
      "250 fine",
      "354 end with a line that is only a dot",
      "250 thank you for 3 lines",
      "502 no such command",
      "221 bye",
    ]);
  },
);

example(
  "starttls_server takes no mail in plain text, and no command that was slipped in",
  async (folder) => {
    const { server, port } = await serve(folder, "starttls_server");
    await using _ = server;
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const send = (text: string) => conn.write(new TextEncoder().encode(text));
    await send("MAIL FROM:<me>\r\nSTARTTLS\r\nMAIL FROM:<mallory>\r\n");
    let heard = "";
    const into = new Uint8Array(4096);
    for (let n; (n = await conn.read(into)) !== null;) {
      heard += new TextDecoder().decode(into.subarray(0, n));
    }
    conn.close();
    assertStringIncludes(heard, "530 say STARTTLS first\r\n");
    assert(!heard.includes("250 fine"), heard);
    const [line] = await server.says(/^Cannot establish TLS with .*$/m);
    assertStringIncludes(line, "bytes of plain text before its handshake");
  },
);

example(
  "tls_sni_server shows the certificate of the name, refuses others, and takes a renewed one",
  async (folder) => {
    const { server, port } = await serve(folder, "tls_sni_server");
    await using _ = server;
    const ask = (name: string, file = name) =>
      openssl(
        folder,
        port,
        "Ada\n",
        ...["-servername", name, "-CAfile", `${file}.pem`],
      );
    for (const name of ["a.example", "b.example"]) {
      const heard = await ask(name);
      assertStringIncludes(heard, `This is ${name}. Who are you?\nHello, Ada.`);
    }
    assertStringIncludes(
      await ask("c.example", "a.example"),
      "unrecognized name",
    );
    const [line] = await server.says(/^Cannot establish TLS with .*$/m);
    assertStringIncludes(line, 'the client asks for "c.example"');
    const names = ["a.example.pem", "a.example.key", "a.example"] as const;
    await write(folder, ...names, "DNS:a.example");
    assertStringIncludes(await ask("a.example"), "Hello, Ada.");
  },
);

example(
  "tls_echo_server and curl: a certificate in --cacert is enough",
  async (folder) => {
    const { server, port } = await serve(folder, "tls_echo_server");
    await using _ = server;
    // curl takes the echo of its own request for an answer in HTTP/0.9.
    await using curl = new Program([
      ...["curl", "-sSN", "--noproxy", "*", "-4", "--http0.9"],
      ...["--cacert", "cert.pem", `https://localhost:${port}/hello`],
    ], { cwd: folder });
    await curl.says(/GET \/hello HTTP\/1\.1/);
  },
  hasCurl,
);

example(
  "job_server signs for many clients at once, and at SIGTERM what is under way is answered",
  async (folder) => {
    const { server, port } = await serve(folder, "job_server");
    await using _ = server;
    const caCerts = [await Deno.readTextFile(`${folder}/cert.pem`)];
    const hostname = "127.0.0.1";
    const ask = async (text: string) => {
      using conn = await Deno.connectTls({ hostname, port, caCerts });
      await conn.write(new TextEncoder().encode(text));
      const into = new Uint8Array(1000);
      const count = await conn.read(into);
      return new TextDecoder().decode(into.subarray(0, count ?? 0));
    };
    const texts = Array.from({ length: 20 }, (_, i) => `text ${i % 10}\n`);
    const answers = await Promise.all(texts.map(ask));
    assert(answers.every((answer) => /^[0-9a-f]{64}\n$/.test(answer)));
    assertEquals(new Set(answers).size, 10);
    assertEquals(answers.slice(0, 10), answers.slice(10));
    using idle = await Deno.connectTls({ hostname, port, caCerts });
    await idle.handshake();
    server.kill("SIGTERM");
    // An idle client is not waited for.
    assertEquals(await idle.read(new Uint8Array(1)), null);
    assertEquals((await server.ended()).code, 0);
  },
);

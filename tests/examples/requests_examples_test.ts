import { assert, assertEquals } from "@std/assert";
import { FtpServer } from "../fixtures/ftp_server.ts";
import { MailServer } from "../fixtures/mail_server.ts";
import { RawServer } from "../fixtures/raw_server.ts";

const root = new URL("../../", import.meta.url);

/** Runs an example with its own flags in `folder`. */
async function run(name: string, folder: string, args: string[]) {
  const file = new URL(`examples/${name}.ts`, root);
  const text = await Deno.readTextFile(file);
  const flags = /^\/\/ Run:\s+deno run (.*?) examples\//m.exec(text)![1]
    .replace(/--allow-net=\S+/, "--allow-net=127.0.0.1")
    .split(" ");
  const config = new URL("deno.json", root).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--config", config, ...flags],
      ...[file.href, ...args],
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (data: Uint8Array) => new TextDecoder().decode(data);
  assertEquals(code, 0, decode(stderr));
  return { stdout: decode(stdout), stderr: decode(stderr) };
}

async function inFolder(body: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "copas_example_" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("fetch_hosts asks all hosts twice, the second time at once", async () => {
  const all = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer, number) => {
    await peer.head();
    // Those of the second half only answer when all of them have asked.
    if (number === 6) all.resolve();
    if (number > 3) await all.promise;
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const urls = ["/a", "/b", "/c"].map((path) => server.url(path));
  const { stdout } = await run("fetch_hosts", ".", urls);
  assertEquals(stdout.match(/200, 2 characters/g)?.length, 6);
  assert(/One by one: [\d.]+ s\n/.test(stdout), stdout);
  assert(/All at once: [\d.]+ s\n/.test(stdout), stdout);
});

Deno.test("download_progress saves the file", () =>
  inFolder(async (folder) => {
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes");
    });
    const { stdout } = await run("download_progress", folder, [
      server.url("/f.bin"),
    ]);
    assertEquals(stdout, "f.bin: 5 bytes\n");
    assertEquals(await Deno.readTextFile(`${folder}/f.bin`), "bytes");
  }));

Deno.test("ftp_upload puts the files", () =>
  inFolder(async (folder) => {
    await using server = await FtpServer.start();
    for (const name of ["a", "b"]) {
      await Deno.writeTextFile(`${folder}/${name}`, name);
    }
    await run("ftp_upload", folder, [server.url(), "a", "b"]);
    for (const name of ["a", "b"]) {
      assertEquals(await Deno.readTextFile(`${server.folder}/${name}`), name);
    }
  }));

Deno.test("send_mail sends the file", () =>
  inFolder(async (folder) => {
    await using server = await MailServer.start();
    await Deno.writeTextFile(`${folder}/f.txt`, "content");
    const address = `127.0.0.1:${server.port}`;
    await run("send_mail", folder, [address, "me@here", "you@there", "f.txt"]);
    const [{ from, to, text }] = server.mails;
    assertEquals([from, to], ["me@here", ["you@there"]]);
    assert(text.includes(btoa("content")), text);
  }));

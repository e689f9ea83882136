// Each program runs with all permissions first, and then with exactly what
// `netaccess()` has printed, through a shell, as an operator would do it.

import { assertEquals, assertMatch } from "@std/assert";
import {
  isInstalled,
  runProgram,
  runScript,
} from "../fixtures/socket_child.ts";

import { FtpServer } from "../fixtures/ftp_server.ts";

const root = new URL("../../", import.meta.url);
const SHELLS = ["sh", "bash", "zsh", "dash", "fish", "csh"];

/** Runs `script` under what it printed when it ran with `-A`; gives what that was. */
async function runTwice(
  script: string,
  { more = "", files = {} as Record<string, string> } = {},
): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const main = `${folder}/main.ts`;
    const text = `
      import { Copas } from "{mod}";
      const copas = new Copas();
      ${script}
      console.log(String(copas.netaccess()));`;
    await Deno.writeTextFile(
      main,
      text.replaceAll("{root}/", root.href)
        .replaceAll("{mod}", new URL("mod.ts", root).href),
    );
    const run = (shell: string, flags: string) =>
      runProgram([
        shell,
        "-c",
        `'${Deno.execPath()}' run --quiet --no-config --no-lock --no-prompt ${flags} '${main}'`,
      ]);
    const unstable = "--unstable-net --unstable-worker-options";
    const first = await run("sh", `-A ${unstable}`);
    assertEquals([first.code, first.stderr], [0, ""]);
    const grant = first.stdout.trim();
    for (const shell of SHELLS) {
      if (
        shell !== "sh" && (!/["']/.test(grant) || !await isInstalled(shell))
      ) {
        continue;
      }
      const { code, stdout, stderr } = await run(shell, `${grant} ${more}`);
      assertEquals([code, stderr], [0, ""], `${shell}: ${grant}`);
      assertEquals(stdout.trim(), grant, "it converges");
    }
    return grant;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A server on a free port, which a client of the same program asks. */
const OWN = (host: string) => `
  const server = copas.socket.bind("${host}", 0);
  copas.addserver(server, copas.handler(async (skt) => {
    await skt.send("hello\\n");
  }));
  await copas.loop(async () => {
    const skt = await copas.socket.connect("${host}", server.addr.port);
    if (await skt.receive() !== "hello") throw new Error("no greeting");
    await skt.close();
    copas.removeserver(server);
  });`;

Deno.test("the printed grant is enough for an own port that the system chose", async () => {
  assertEquals(await runTwice(OWN("127.0.0.1")), "--allow-net=127.0.0.1");
  assertEquals(await runTwice(OWN("localhost")), "--allow-net=localhost");
});

Deno.test("the printed grant is enough for IPv6, in each shell", async () => {
  assertEquals(await runTwice(OWN("::1")), '"--allow-net=[::1]"');
});

Deno.test("the printed grant is enough for replies to peers whose ports are not known", async () => {
  const grant = await runTwice(`
    const server = copas.socket.udp();
    server.setsockname("127.0.0.1", 0);
    const [, port] = server.getsockname();
    copas.addthread(async () => {
      for (let i = 0; i < 20; i++) {
        const [data, ip, from] = await server.receivefrom();
        await server.sendto(data, ip, from);
      }
      await server.close();
    });
    await copas.loop(async () => {
      for (let i = 0; i < 20; i++) {
        const client = Deno.listenDatagram(
          { transport: "udp", hostname: "127.0.0.1", port: 0 });
        await client.send(new Uint8Array(1), { ...server_addr() });
        await copas.wait(client.receive());
        client.close();
      }
    });
    function server_addr() {
      return { transport: "udp", hostname: "127.0.0.1", port };
    }`);
  assertEquals(grant, "--unstable-net --allow-net=127.0.0.1");
});

Deno.test("a client's own peer keeps its port in the printed grant", async () => {
  const grant = await runTwice(`
    const client = copas.socket.udp();
    await client.sendto("x", "127.0.0.1", 9);
    await client.close();`);
  assertEquals(grant, "--unstable-net --allow-net=0.0.0.0:0,127.0.0.1:9");
});

Deno.test("the printed grant is enough for workers on port 0", async () => {
  const handler =
    `export default async (skt) => void await skt.send("hello\\n");`;
  const script = (options: string) => `
    const module = new URL("handler.js", import.meta.url);
    const workers = copas.addworkers(module, {
      hostname: "127.0.0.1", port: 0, count: 2, ${options}
    });
    await copas.loop(async () => {
      await workers.ready;
      const skt = await copas.socket.connect("127.0.0.1", workers.addr.port);
      if (await skt.receive() !== "hello") throw new Error("no greeting");
      await skt.close();
      await workers.stop();
    });`;
  // What it prints is about the network; the modules are files to be read.
  const given = { more: "--allow-read", files: { "handler.js": handler } };
  assertEquals(
    await runTwice(script(""), given),
    "--unstable-net --allow-net=127.0.0.1",
  );
  assertEquals(
    await runTwice(script(`permissions: "none",`), given),
    "--unstable-net --unstable-worker-options --allow-net=127.0.0.1",
  );
});

Deno.test("workers on port 0 whose grant is for port 0 alone are refused, and the error names the flag", async () => {
  const { code, stdout } = await runScript(
    `import { Copas } from "{mod}";
     try {
       new Copas().addworkers(new URL("data:text/javascript,"), {
         hostname: "127.0.0.1", port: 0, count: 1,
       });
     } catch (error) { console.log(error.name + ": " + error.message); }`,
    ["--unstable-net", "--allow-net=127.0.0.1:0"],
  );
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^NotCapable: Cannot bind 127\.0\.0\.1:\d+: net access is not granted; run with --allow-net=127\.0\.0\.1$/m,
  );
});

Deno.test("the printed grant is enough for a UDP name in a scope", async () => {
  const grant = await runTwice(`
    const view = copas.scoped({ net: ["localhost:9"] });
    const client = view.socket.udp();
    await client.sendto("x", "localhost", 9);
    await client.close();`);
  assertMatch(grant, /--allow-net=.*localhost/);
});

Deno.test("the printed grant is enough for the data connections of FTP", async () => {
  await using server = await FtpServer.start();
  const transfers = (host: string) => `
    const { ftpFor } = await import("{root}/src/ftp/mod.ts");
    const url = "ftp://${host}:${server.port}/file";
    await copas.loop(async () => {
      for (let i = 0; i < 3; i++) {
        await ftpFor(copas).put(url, "content");
        await ftpFor(copas).get(url);
      }
    });`;
  assertEquals(
    await runTwice(transfers("127.0.0.1")),
    "--allow-net=127.0.0.1",
  );
  assertEquals(
    await runTwice(transfers("localhost")),
    `--allow-net=127.0.0.1,localhost:${server.port}`,
  );
});

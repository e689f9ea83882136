import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { hasOpenssl, selfSigned } from "../fixtures/certificates.ts";
import { flagsOf } from "./fixtures/running_example.ts";

const root = new URL("../../", import.meta.url);
const names = "DNS:localhost,IP:127.0.0.1";

/** The example in a folder of its own. */
class Reloaded implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(readonly folder: string) {
    const imports = {
      "jsr:@copas/copas": new URL(config.exports["."], root).href,
    };
    const map = encodeURIComponent(JSON.stringify({ imports }));
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-config", "--no-lock"],
        `--import-map=data:application/json,${map}`,
        ...flagsOf("reload_server"),
        new URL("examples/reload_server.ts", root).href,
        "0",
      ],
      cwd: folder,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream())
      [Symbol.asyncIterator]();
  }

  /** Resolves to what it prints next. */
  async printed(): Promise<string> {
    return (await this.#lines.next()).value;
  }

  /** Tells it to reload, and waits until it has. */
  async hangUp(): Promise<void> {
    this.#process.kill("SIGHUP");
    assertEquals(await this.printed(), "Reloaded.\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#lines.return?.();
    await this.#process.status;
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function write(
  folder: string,
  greeting: string,
  cert: string,
  key: string,
): Promise<void> {
  await Deno.writeTextFile(`${folder}/greeting.txt`, `${greeting}\n`);
  await Deno.writeTextFile(`${folder}/cert.pem`, cert);
  await Deno.writeTextFile(`${folder}/key.pem`, key);
}

Deno.test({
  name:
    "reload_server: kill -HUP under load refuses no client, resets none, and takes effect",
  ignore: !hasOpenssl,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "copas_example_" });
    const all = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((i) => selfSigned(`authority ${i}`, names)),
    );
    await write(folder, "greeting 0", all[0].cert, all[0].key);
    await using server = new Reloaded(folder);
    const port = Number(/:(\d+)/.exec(await server.printed())![1]);
    const caCerts = all.map(({ cert }) => cert);
    const greet = async (trusted: string[]) => {
      const hostname = "127.0.0.1";
      using conn = await Deno.connectTls({ hostname, port, caCerts: trusted });
      const into = new Uint8Array(100);
      const count = await conn.read(into);
      return new TextDecoder().decode(into.subarray(0, count ?? 0));
    };
    using _served = await Deno.connectTls({
      hostname: "127.0.0.1",
      port,
      caCerts,
    });
    let isOver = false;
    const heard = new Map<string, number>();
    const client = async () => {
      while (!isOver) {
        const greeting = await greet(caCerts);
        heard.set(greeting, (heard.get(greeting) ?? 0) + 1);
      }
    };
    const reloads = async () => {
      for (let i = 1; i <= 5; i++) {
        const { cert, key } = all[i];
        await write(folder, `greeting ${i}`, cert, key);
        await server.hangUp();
        // Only the new certificate is trusted here.
        assertEquals(await greet([cert]), `greeting ${i}\n`);
      }
      isOver = true;
    };
    await Promise.all([reloads(), client(), client(), client()]);
    assertEquals(
      [...heard.keys()].every((text) => /^greeting \d\n$/.test(text)),
      true,
    );
    assertEquals(heard.size >= 5, true);
  },
});

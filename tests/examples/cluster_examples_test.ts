import { assert, assertEquals } from "@std/assert";
import { hasNats, NatsServers } from "../cluster/fixtures/nats_servers.ts";
import { Program } from "../fixtures/program.ts";

const root = new URL("../../", import.meta.url);

/** Runs an example with no more permissions than it says that it needs. */
function run(name: string, net: string, args: string[]): Program {
  const config = new URL("deno.json", root).pathname;
  return new Program([
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--config", config],
    ...[`--allow-net=${net}`, `examples/${name}.ts`, ...args],
  ], { cwd: root.pathname });
}

/** A client that says one line after the other. */
class Client implements AsyncDisposable {
  readonly #conn: Deno.Conn;
  #text = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(port: string): Promise<Client> {
    const address = { hostname: "127.0.0.1", port: Number(port) };
    return new Client(await Deno.connect(address));
  }

  async say(line: string): Promise<void> {
    await this.#conn.write(new TextEncoder().encode(line + "\n"));
  }

  async reads(text: string): Promise<void> {
    const buffer = new Uint8Array(4096);
    while (!this.#text.includes(text)) {
      const count = await this.#conn.read(buffer);
      assert(count !== null, `the end instead of ${text}: ${this.#text}`);
      this.#text += new TextDecoder().decode(buffer.subarray(0, count));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    return Promise.resolve();
  }
}

Deno.test({
  name:
    "cluster_chat carries what is said and who is there over three processes",
  ignore: !hasNats,
  fn: async () => {
    const name = "cluster_chat";
    await using servers = await NatsServers.start();
    const net = `127.0.0.1:0,${servers.url.slice(7)}`;
    await using one = run(name, net, ["0", servers.url]);
    await using two = run(name, net, ["0", servers.url]);
    await using three = run(name, net, ["0", servers.url]);
    const ports = await Promise.all(
      [one, two, three].map(async (program) =>
        (await program.says(/Chat on 127\.0\.0\.1:(\d+)/))[1]
      ),
    );
    await using ann = await Client.connect(ports[0]);
    await using bob = await Client.connect(ports[1]);
    await using eve = await Client.connect(ports[2]);
    await ann.say("ann");
    await ann.reads("* ann is here.");
    await eve.say("ann");
    await eve.reads("* That name is taken.");
    await bob.say("bob");
    await ann.reads("* bob is here.");
    await bob.say("hello");
    await ann.reads("<bob> hello");
    await ann.say("/who");
    await ann.reads(`* bob on 127.0.0.1:${ports[1]}`);
    await bob.say("/quit");
    await ann.reads("* bob has left.");
  },
});

Deno.test({
  name: "cluster_jobs does the job of a worker that is killed in the middle",
  ignore: !hasNats,
  fn: async () => {
    const name = "cluster_jobs";
    await using servers = await NatsServers.start();
    const net = servers.url.slice(7);
    await using killed = run(name, net, [servers.url, "60"]);
    await killed.says(/job 1, attempt 1: begins/);
    await killed[Symbol.asyncDispose]();
    await using other = run(name, net, [servers.url, "0.01"]);
    await other.says(/job 1, attempt 2: done/);
    const { output, code } = await other.ended();
    assertEquals([code, output.includes("All jobs are done.")], [0, true]);
  },
});

// Records the first server as an animated picture, docs/first_server.svg: runs
// the chat with its real flags, talks to it over two connections as two `nc`
// would, and draws what was said.
//
//   deno run --allow-all tools/recording.ts

import { root } from "./deno_process.ts";

/** A line on the terminal: when it appears, in which pane, and what it says. */
interface Said {
  /** Seconds from the beginning. */
  at: number;
  pane: number;
  text: string;
  /** Whether the user typed it. */
  typed: boolean;
}

const port = 8080;
const run = `deno run --allow-net=127.0.0.1:${port} examples/chat_server.ts`;
/** What the two clients type, one line after the other. */
const script: [pane: number, line: string][] = [
  [1, "Ada"],
  [2, "Grace"],
  [1, "Hello, Grace!"],
  [2, "Hello, Ada. Who else is here?"],
  [2, "/who"],
  [2, "/quit"],
];

/** Reads that have not ended: Deno can't take one back. */
const pendingReads = new Map<Deno.Conn, Promise<string>>();

if (import.meta.main) {
  const said = await record();
  const file = new URL("docs/first_server.svg", root);
  await Deno.writeTextFile(file, draw(said));
  console.log(`Drew ${file.pathname}`);
}

/** Runs the server and the conversation; the pauses are those of a user who types. */
async function record(): Promise<Said[]> {
  const said: Said[] = [{ at: 0.5, pane: 0, text: run, typed: true }];
  await using server = new Deno.Command(Deno.execPath(), {
    args: ["task", "example", "chat_server"],
    cwd: root,
    stdout: "piped",
    stderr: "null",
    env: { NO_COLOR: "1" },
  }).spawn();
  const first = await firstLine(server.stdout);
  said.push({ at: 1.5, pane: 0, text: first, typed: false });
  const clients: Deno.Conn[] = [];
  let at = 2;
  try {
    for (const pane of [1, 2]) {
      at += 0.5;
      said.push({ at, pane, text: `nc 127.0.0.1 ${port}`, typed: true });
      clients.push(await Deno.connect({ hostname: "127.0.0.1", port }));
      await hearAll(clients, said, at += 0.3);
    }
    for (const [pane, line] of script) {
      at += 1.2;
      said.push({ at, pane, text: line, typed: true });
      await clients[pane - 1].write(new TextEncoder().encode(line + "\n"));
      await hearAll(clients, said, at += 0.2);
    }
  } finally {
    for (const client of clients) client.close();
    server.kill("SIGTERM");
  }
  return said;
}

async function firstLine(output: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of output) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0];
}

/** Notes what comes to the clients until nothing has come for a moment. */
async function hearAll(
  clients: Deno.Conn[],
  said: Said[],
  at: number,
): Promise<void> {
  await Promise.all(clients.map(async (client, index) => {
    const pending = pendingReads.get(client) ?? read(client);
    pendingReads.set(client, pending);
    const text = await Promise.race([pending, quiet()]);
    if (text === undefined) return;
    pendingReads.delete(client);
    for (const line of text.split("\n")) {
      if (line) said.push({ at, pane: index + 1, text: line, typed: false });
    }
  }));
}

async function read(client: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  const count = await client.read(buffer).catch(() => null);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

function quiet(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 200));
}

/** Three panes, in which each line appears at its time; from the start again after the end. */
function draw(said: Said[]): string {
  const width = 640;
  const line = 20;
  const top = 34;
  const heights = [0, 1, 2].map((pane) =>
    top + 12 + line * said.filter((each) => each.pane === pane).length
  );
  const length = Math.max(...said.map(({ at }) => at)) + 4;
  const titles = ["server", "a client", "another client"];
  let y = 8;
  let style = "";
  let body = "";
  heights.forEach((height, pane) => {
    body += `<rect x="8" y="${y}" width="${width - 16}" height="${height}" ` +
      `rx="6" fill="#16202a"/>` +
      `<text x="20" y="${y + 20}" fill="#7f93a5">${titles[pane]}</text>`;
    said.filter((each) => each.pane === pane).forEach((each, index) => {
      const name = `l${pane}_${index}`;
      const from = (100 * each.at / length).toFixed(2);
      style += `@keyframes ${name}{0%,${from}%{opacity:0}` +
        `${from}1%,100%{opacity:1}}` +
        `.${name}{animation:${name} ${length}s step-end infinite}`;
      const prompt = each.typed && /^(deno|nc) /.test(each.text) ? "$ " : "";
      body +=
        `<text class="${name}" x="20" y="${y + top + 10 + line * index}" ` +
        `fill="${each.typed ? "#8fe3c0" : "#e6edf3"}">` +
        `${escape(prompt + each.text)}</text>`;
    });
    y += height + 8;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" ` +
    `width="${width}" height="${y}" role="img" ` +
    `aria-label="A chat server and two clients in three terminals">` +
    `<style>text{font:13px ui-monospace,Menlo,Consolas,monospace}${style}` +
    `@media (prefers-reduced-motion:reduce){text{animation:none!important}}` +
    `</style><rect width="100%" height="100%" fill="#0d1117"/>${body}</svg>\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

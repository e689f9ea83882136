// Takes the pictures of the inspector's page for docs/: a dispatcher with some
// traffic, shown in a headless Chromium.

import { Copas } from "../mod.ts";
import { serve } from "../src/inspector/mod.ts";
import { Browser } from "../tests/fixtures/browser.ts";
import { root } from "./deno_process.ts";

const copas = new Copas();
copas.seterrorhandler(() => {}, true);
const inspector = serve(copas);
const cache = copas.lock.new({ name: "cache", timeout: Infinity });
const chat = serveLines("chat", async (line) => {
  if (line === "look up") {
    using _held = await cache.hold();
    await copas.pause(60);
  } else if (line === "fail") throw new TypeError("no such room: lobby");
  return `${line}\n`;
});
serveLines("admin", (line) => Promise.resolve(line));
copas.addnamedthread("reload", () => copas.pause(300));
const loop = copas.loop();
const clients: Deno.Conn[] = [];
for (let i = 0; i < 400; i++) {
  clients.push(await Deno.connect({ hostname: "127.0.0.1", port: chat }));
  if (i % 40 === 7) await say(clients[i], "look up");
  if (i % 150 === 100) await say(clients[i], "fail");
}
const talk = setInterval(() => {
  for (const client of clients) {
    if (Math.random() < 0.2) {
      say(client, "x".repeat(Math.random() * 900)).catch(() => {});
    }
  }
}, 100);

const browser = await Browser.start();
await browser.open(inspector.url);
await pause(25);
await take("inspector_light", "light", 1180, 1150);
await take("inspector_dark", "dark", 1180, 700);
await take("inspector_phone", "dark", 390, 844, true);
await browser[Symbol.asyncDispose]();
clearInterval(talk);
Deno.exit();

/** A server that answers lines; gives its port. */
function serveLines(
  name: string,
  answer: (line: string) => Promise<string>,
): number {
  const listener = copas.socket.bind("127.0.0.1", 0);
  const handler = copas.handler(async (skt) => {
    for await (const line of skt) await skt.send(await answer(line));
  });
  copas.addserver(listener, handler, { name });
  return listener.addr.port;
}

async function say(client: Deno.Conn, line: string): Promise<void> {
  await client.write(new TextEncoder().encode(line + "\n"));
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

async function take(
  name: string,
  colors: string,
  width: number,
  height: number,
  mobile = false,
): Promise<void> {
  const deviceScaleFactor = 1;
  const metrics = { width, height, deviceScaleFactor, mobile };
  await browser.call("Emulation.setDeviceMetricsOverride", metrics);
  await browser.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: colors }],
  });
  await pause(2);
  const target = new URL(`docs/${name}.png`, root);
  await Deno.writeFile(target, await browser.picture());
}
void loop;

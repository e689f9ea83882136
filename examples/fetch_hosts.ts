// Many hosts at once: asks for some pages one by one, then all at the same time, and compares.
//
// Run:  deno run --allow-net=www.lua.org:443,deno.com:443,www.kernel.org:443,www.gnu.org:443,www.wikipedia.org:443 examples/fetch_hosts.ts
// Talk: it needs the internet, or URLs of your own as arguments

import copas from "jsr:@copas/copas";
import { request } from "jsr:@copas/copas/http";

const hosts = Deno.args.length > 0 ? Deno.args : [
  "https://www.lua.org/",
  "https://deno.com/",
  "https://www.kernel.org/",
  "https://www.gnu.org/",
  "https://www.wikipedia.org/",
];

async function ask(url: string): Promise<void> {
  try {
    const [body, code] = await request(url);
    console.log(`  ${url}: ${code}, ${body.length} characters`);
  } catch (error) {
    console.log(`  ${url}: ${(error as Error).message}`);
  }
}

async function timed(what: string, work: () => Promise<void>) {
  console.log(`${what}:`);
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  console.log(`${what}: ${seconds.toFixed(2)} s`);
}

await timed("One by one", async () => {
  for (const url of hosts) await ask(url);
});

await timed("All at once", async () => {
  for (const url of hosts) copas.addthread(ask, url);
  await copas.loop();
});

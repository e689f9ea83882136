/**
 * Asks a server again and again, so many requests in flight, by one of three
 * clients. Argument: {@linkcode Options} as JSON. Prints what was measured.
 *
 * @module
 */

import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import copas from "../../mod.ts";
import { httpFor } from "../../src/http/mod.ts";
import { processorTime } from "../system/processor_time.ts";

/** What is asked for. */
export interface Options {
  client: "ours" | "fetch" | "agent";
  url: string;
  inFlight: number;
  seconds: number;
  warmUp: number;
  caCerts?: string[];
}

const options: Options = JSON.parse(Deno.args[0]);
const { client, url, inFlight, seconds, warmUp, caCerts } = options;

/** Sends one request and reads its answer. */
type Ask = () => Promise<unknown>;

function asker(): Ask {
  if (client === "fetch") {
    const own = Deno.createHttpClient({ caCerts });
    return async () => await (await fetch(url, { client: own })).text();
  }
  if (client === "agent") return agent();
  const http = httpFor(copas, { keepalive: 60 });
  const sslparams = { caCerts };
  return caCerts === undefined
    ? () => http.request(url)
    : () => http.request({ url, sslparams, as: "text" });
}

function agent(): Ask {
  const [Agent, request] = url.startsWith("https:")
    ? [HttpsAgent, httpsRequest]
    : [HttpAgent, httpRequest];
  const given = { agent: new Agent({ keepAlive: true }), ca: caCerts };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(url, given, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => text += chunk);
        response.on("end", () => resolve(text));
      });
      sent.on("error", reject);
      sent.end();
    });
}

/** Asks for so many seconds; resolves to how often. */
async function run(ask: Ask, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  let count = 0;
  const asking = async () => {
    for (; performance.now() < until; count++) await ask();
  };
  if (client === "ours") {
    for (let i = 0; i < inFlight; i++) copas.addthread(asking);
    await copas.loop();
  } else await Promise.all(Array.from({ length: inFlight }, asking));
  return count;
}

const ask = asker();
await run(ask, warmUp);
const [begun, before] = [performance.now(), processorTime(Deno.pid)];
const count = await run(ask, seconds);
const processor = processorTime(Deno.pid) - before;
console.log(JSON.stringify({
  rate: count / (performance.now() - begun) * 1000,
  cost: processor / count * 1e6,
}));
Deno.exit(0);

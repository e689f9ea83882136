/**
 * Requests: an HTTP client with kept connections, beside `fetch` and node's
 * client with its agent, one and twenty requests in flight.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Authority, hasOpenssl } from "../../tests/fixtures/certificates.ts";
import { type Case, type Experiment, LeftOut, type Sample } from "../case.ts";
import { runLoad, withCommand } from "../processes.ts";

type Client = "ours" | "fetch" | "agent";

const server = fileURLToPath(
  new URL("../contenders/requests_server.ts", import.meta.url),
);

function experiment(
  scheme: "http" | "https",
  inFlight: number,
): Experiment<Client> {
  return {
    name: `requests/${scheme}/${inFlight}`,
    title: `${scheme} requests over kept connections, ${inFlight} in flight`,
    contenders: ["ours", "agent", "fetch"],
    titles: {
      ours: "ours (httpFor)",
      agent: "node's client on Deno, kept by its agent",
      fetch: "fetch",
    },
    decides: "rate",
    goals: [{
      text: "requests a second, to node's client",
      metric: "rate",
      against: { contender: "agent" },
      least: 0.83,
    }],
    async measure(client, { seconds, warmUp }): Promise<Sample> {
      const secure = scheme === "https" ? await certificates() : undefined;
      const command = [
        ...[Deno.execPath(), "run", "--allow-all", "--quiet", server],
        ...(secure === undefined ? [] : [JSON.stringify(secure.certified)]),
      ];
      return await withCommand(command, async ({ target }) => {
        if (!("port" in target)) throw new Error("The server listens on TCP");
        const url = `${scheme}://localhost:${target.port}/`;
        const { caCerts } = secure ?? {};
        const load = { client, url, inFlight, seconds, warmUp, caCerts };
        return await runLoad<Sample>("requests", load);
      });
    },
  };
}

async function certificates() {
  if (!hasOpenssl) throw new LeftOut("openssl is not installed");
  const authority = await Authority.make();
  const names = "DNS:localhost,IP:127.0.0.1";
  const certified = await authority.issue({ cn: "localhost", names });
  return { certified, caCerts: [authority.cert] };
}

/** The case. */
export const requests: Case<Client> = {
  name: "requests",
  title: "HTTP requests",
  experiments: () => [
    experiment("http", 1),
    experiment("http", 20),
    experiment("https", 1),
    experiment("https", 20),
  ],
};

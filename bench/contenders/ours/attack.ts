/**
 * Our server under attack: lines come back, `big` gets half a mebibyte, and
 * `status` what the server counts. It has the limits that the deployment page
 * recommends.
 *
 * @module
 */

import copas, { type StreamSocket } from "../../../mod.ts";
import { announce } from "../announce.ts";

const big = new Uint8Array(512 * 1024).fill(120);

function status(): string {
  const { serving, buffered, counters } = server;
  return `${JSON.stringify({ serving, buffered, counters })}\n`;
}

async function serve(skt: StreamSocket): Promise<void> {
  for await (const line of skt) {
    if (line === "big") await skt.send(big);
    else if (line === "status") await skt.send(status());
    else await skt.send(`${line}\n`);
  }
}

const server = copas.addserver(
  copas.socket.bind("127.0.0.1", 0),
  copas.handler(serve),
  {
    maxConnections: 18_000,
    overflow: "close",
    idletimeout: 60,
    mininput: 10,
    maxbuffered: 64 * 2 ** 20,
  },
);
announce(server.addr);
await copas.loop();

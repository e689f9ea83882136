/**
 * Our server that computes for some lines. Argument: for how many milliseconds.
 *
 * @module
 */

import copas, { type StreamSocket } from "../../../mod.ts";
import { announce } from "../announce.ts";
import { work } from "../work.ts";

const server = copas.socket.bind("127.0.0.1", 0);
copas.addserver(
  server,
  copas.handler(async (skt: StreamSocket) => {
    for (let line; (line = await skt.receive()) !== null;) {
      work(line);
      await skt.send(line + "\n");
    }
  }),
);
announce(server.addr);
await copas.loop();

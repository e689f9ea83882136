/**
 * Our relay: each client has a connection to the server behind.
 *
 * @module
 */

import copas from "../../../mod.ts";
import { announce } from "../announce.ts";

const port = Number(Deno.args[0]);
const server = copas.socket.bind("127.0.0.1", 0);
copas.addserver(
  server,
  copas.handler(async (client) => {
    const upstream = copas.socket.tcp();
    await upstream.connect("127.0.0.1", port);
    await copas.relay(client, upstream);
  }),
);
announce(server.addr);
await copas.loop();

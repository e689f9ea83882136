/**
 * Our server for libraries that take a socket of `node:net`.
 *
 * @module
 */

import copas from "../../../mod.ts";
import { listener } from "../../../src/node/mod.ts";
import { announce } from "../announce.ts";
import { makeServer } from "../node_servers.ts";

const server = copas.socket.bind("127.0.0.1", 0);
copas.addserver(server, listener(copas, makeServer(Deno.args[0])));
announce(server.addr);
await copas.loop();

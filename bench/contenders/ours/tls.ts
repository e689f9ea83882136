/**
 * Our line echo server with TLS. Arguments: the files of certificate and key.
 *
 * @module
 */

import copas, { type StreamSocket } from "../../../mod.ts";
import { announce } from "../announce.ts";

const [cert, key] = Deno.args.map((file) => Deno.readTextFileSync(file));
const server = copas.socket.bind("127.0.0.1", 0);
copas.addserver(
  server,
  copas.handler(async (skt: StreamSocket) => {
    for (let line; (line = await skt.receive()) !== null;) {
      await skt.send(line + "\n");
    }
  }, { cert, key }),
);
announce(server.addr);
await copas.loop();

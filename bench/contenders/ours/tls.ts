/**
 * Our line echo server with TLS. Arguments: the files of certificate and key.
 *
 * @module
 */

import copas, { type StreamSocket } from "../../../mod.ts";
import { announce } from "../announce.ts";

const [cert, key] = Deno.args.map((file) => Deno.readTextFileSync(file));
// Deno's own TLS, as the peers use it: the other engine is for what that one lacks.
const server = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
copas.addserver(
  server,
  copas.handler(async (skt: StreamSocket) => {
    for (let line; (line = await skt.receive()) !== null;) {
      await skt.send(line + "\n");
    }
  }),
);
announce(server.addr);
await copas.loop();

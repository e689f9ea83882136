/**
 * The peer "hand-written Deno" with TLS. Arguments: the files of certificate
 * and key.
 *
 * @module
 */

import { announce } from "../announce.ts";
import { echo } from "./lines.ts";

const [cert, key] = Deno.args.map((file) => Deno.readTextFileSync(file));
const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
announce(listener.addr);
for await (const conn of listener) echo(conn, false);

/**
 * The peer "hand-written Deno" on `Deno.listen`.
 *
 * @module
 */

import { announce, listen } from "../announce.ts";
import { echo } from "./lines.ts";

const [job] = Deno.args;
const listener = listen() as Deno.TcpListener;
announce(listener.addr);
for await (const conn of listener) {
  conn.setNoDelay(true);
  echo(conn, job === "storm");
}

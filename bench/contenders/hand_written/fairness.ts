/**
 * The peer "hand-written Deno" that computes for some lines. Argument: for how
 * many milliseconds.
 *
 * @module
 */

import { announce, listen } from "../announce.ts";
import { work } from "../work.ts";
import { lines, writeAll } from "./lines.ts";

const encoder = new TextEncoder();
const listener = listen() as Deno.TcpListener;
announce(listener.addr);
for await (const conn of listener) {
  conn.setNoDelay(true);
  serve(conn).catch(() => conn.close());
}

async function serve(conn: Deno.Conn): Promise<void> {
  for await (const line of lines(conn)) {
    work(line);
    await writeAll(conn, encoder.encode(line + "\n"));
  }
  conn.close();
}

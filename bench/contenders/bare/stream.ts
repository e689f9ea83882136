/**
 * The peer "bare loop": reads and writes on `Deno.listen` without looking at
 * what comes. It is the limit of what a server on Deno can reach.
 *
 * @module
 */

import { announce, listen } from "../announce.ts";

/** The room for a read: for lines what they need, for the relay what our own server reads at once. */
const SIZES: Record<string, number> = {
  lines: 4096,
  storm: 4096,
  relay: 64 * 1024,
};

const [job, path] = Deno.args;

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = await conn.write(bytes); at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

async function serve(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(SIZES[job]);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      await writeAll(conn, buffer.subarray(0, count));
      if (job === "storm") break;
    }
  } catch {
    // The peer has gone.
  } finally {
    conn.close();
  }
}

const listener = listen(path);
announce(listener.addr);
for await (const conn of listener) {
  if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  serve(conn);
}

/**
 * The peer "bare loop" with TLS. Arguments: the files of certificate and key.
 *
 * @module
 */

import { announce } from "../announce.ts";

const [cert, key] = Deno.args.map((file) => Deno.readTextFileSync(file));

async function serve(conn: Deno.TlsConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      for (let at = 0; at < count;) {
        at += await conn.write(buffer.subarray(at, count));
      }
    }
  } catch {
    // The peer has gone.
  } finally {
    conn.close();
  }
}

const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
announce(listener.addr);
for await (const conn of listener) serve(conn);

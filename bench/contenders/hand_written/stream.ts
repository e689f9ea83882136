/**
 * The peer "hand-written Deno": line servers on `Deno.listen`, as a competent
 * user would write them without a library.
 *
 * @module
 */

import { announce, listen } from "../announce.ts";

const encoder = new TextEncoder();

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

async function* lines(conn: Deno.Conn): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (let count; (count = await conn.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    let begin = 0;
    for (let end; (end = text.indexOf("\n", begin)) >= 0; begin = end + 1) {
      yield text.slice(begin, end);
    }
    text = text.slice(begin);
  }
}

const jobs: Record<string, (conn: Deno.Conn) => Promise<void>> = {
  async lines(conn) {
    for await (const line of lines(conn)) {
      await writeAll(conn, encoder.encode(line + "\n"));
    }
  },
  async storm(conn) {
    for await (const line of lines(conn)) {
      return await writeAll(conn, encoder.encode(line + "\n"));
    }
  },
};

async function serve(conn: Deno.Conn): Promise<void> {
  try {
    await jobs[Deno.args[0]](conn);
  } catch {
    // The peer has gone.
  } finally {
    conn.close();
  }
}

const listener = listen();
announce(listener.addr);
for await (const conn of listener as Deno.TcpListener) {
  conn.setNoDelay(true);
  serve(conn);
}

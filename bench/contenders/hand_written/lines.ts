/**
 * The peer "hand-written Deno": lines on one of Deno's connections, as a
 * competent user would split them without a library.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Writes all of `bytes`. */
export async function writeAll(
  conn: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** The lines that a connection brings. */
export async function* lines(conn: Deno.Conn): AsyncGenerator<string> {
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

/** Sends every line back, or only the first; closes the connection. */
export async function echo(conn: Deno.Conn, once: boolean): Promise<void> {
  try {
    for await (const line of lines(conn)) {
      await writeAll(conn, encoder.encode(line + "\n"));
      if (once) break;
    }
  } catch {
    // The peer has gone.
  } finally {
    conn.close();
  }
}

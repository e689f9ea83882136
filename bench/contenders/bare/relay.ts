/**
 * The peer "bare loop" of the relay: two loops for each client, one for each
 * direction, with a buffer each.
 *
 * @module
 */

import { announce, listen } from "../announce.ts";

const port = Number(Deno.args[0]);

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await from.read(buffer)) !== null;) {
    const bytes = buffer.subarray(0, count);
    for (let at = await to.write(bytes); at < count;) {
      at += await to.write(bytes.subarray(at));
    }
  }
  await to.closeWrite();
}

async function serve(client: Deno.TcpConn): Promise<void> {
  client.setNoDelay(true);
  const upstream = await Deno.connect({ hostname: "127.0.0.1", port });
  upstream.setNoDelay(true);
  try {
    await Promise.all([pass(client, upstream), pass(upstream, client)]);
  } catch {
    // A peer has gone.
  } finally {
    client.close();
    upstream.close();
  }
}

const listener = listen();
announce(listener.addr);
for await (const client of listener) serve(client as Deno.TcpConn);

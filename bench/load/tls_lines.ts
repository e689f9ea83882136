/**
 * Load: lines over TLS connections, one in flight on each. TLS is Deno's own,
 * so this load costs about as much as the server.
 *
 * @module
 */

import { Latencies } from "./latencies.ts";
import {
  type LoadOptions,
  type Measured,
  runLoad,
  Window,
} from "./measured.ts";

/** What this load is told. */
export interface TlsOptions extends LoadOptions {
  target: { port: number };
  connections: number;
  /** Bytes of a line, with its LF. */
  size: number;
  /** The file of the server's certificate. */
  cert: string;
}

async function run(options: TlsOptions): Promise<Measured> {
  const { target, connections, cert, size } = options;
  const caCerts = [await Deno.readTextFile(cert)];
  const conns = await Promise.all(
    Array.from({ length: connections }, () =>
      Deno.connectTls({
        hostname: "localhost",
        port: target.port,
        caCerts,
      })),
  );
  await Promise.all(conns.map((conn) => conn.handshake()));
  const latencies = new Latencies();
  const window = new Window(options);
  const result = Promise.withResolvers<Measured>();
  const clients = conns.map(async (conn, number) => {
    const line = new TextEncoder().encode(
      `${number} `.padEnd(size - 1, ".") + "\n",
    );
    for (let done = false; !done;) {
      latencies.add(await exchange(conn, line));
      window.messages++;
      if (performance.now() < window.until) continue;
      if (!window.open) {
        latencies.clear();
        window.begin();
      } else {
        done = true;
        result.resolve(window.end(latencies));
      }
    }
  });
  Promise.all(clients).catch(result.reject);
  const measured = await result.promise;
  for (const conn of conns) conn.close();
  return measured;
}

/** Sends a line and hears it; how long that took, in milliseconds. */
async function exchange(
  conn: Deno.TlsConn,
  line: Uint8Array,
): Promise<number> {
  const begin = performance.now();
  const into = new Uint8Array(line.length);
  for (let at = 0; at < line.length;) {
    at += await conn.write(line.subarray(at));
  }
  for (let got = 0; got < line.length;) {
    const count = await conn.read(into.subarray(got));
    if (count === null) throw new Error("The server closed a connection");
    got += count;
  }
  if (into.some((byte, at) => byte !== line[at])) {
    throw new Error("The server's answer is not what was sent");
  }
  return performance.now() - begin;
}

await runLoad(run);

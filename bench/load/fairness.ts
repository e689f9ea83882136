/**
 * Load: a greedy client that sends lines far ahead, for each of which the server
 * computes, and a quiet one beside it with a line at a time. The latencies are
 * those of the quiet client, the messages those of the greedy one.
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
export interface FairnessOptions extends LoadOptions {
  target: { port: number };
  /** How many lines the greedy client is ahead. */
  ahead: number;
}

/** A line for which the server computes begins with this letter. */
const GREEDY = new TextEncoder().encode("g".repeat(63) + "\n");
const QUIET = new TextEncoder().encode("q".repeat(63) + "\n");

async function run(options: FairnessOptions): Promise<Measured> {
  using greedy = await connect(options);
  using quiet = await connect(options);
  const window = new Window(options);
  const client = new QuietClient(quiet);
  const measured = measure(client, window);
  // An error of a client is one of the measurement.
  const flood = sendAhead(greedy, options.ahead, window);
  return await Promise.race([measured, flood, client.run()]);
}

async function measure(
  client: QuietClient,
  window: Window,
): Promise<Measured> {
  await passed(window.until);
  client.latencies.clear();
  window.begin();
  await passed(window.until);
  client.addUnanswered();
  return window.end(client.latencies);
}

function passed(time: number): Promise<void> {
  return new Promise((resolve) =>
    setTimeout(resolve, time - performance.now())
  );
}

async function connect({ target }: FairnessOptions): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", ...target });
  conn.setNoDelay(true);
  return conn;
}

async function write(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** Keeps so many lines with the server, until the connection is closed. */
async function sendAhead(
  conn: Deno.Conn,
  ahead: number,
  window: Window,
): Promise<never> {
  const lines = new Uint8Array(ahead * GREEDY.length);
  for (let i = 0; i < ahead; i++) lines.set(GREEDY, i * GREEDY.length);
  await write(conn, lines);
  const into = new Uint8Array(lines.length);
  for (let got = 0;;) {
    const count = await conn.read(into);
    if (count === null) throw new Error("The server closed a connection");
    const before = Math.floor(got / GREEDY.length);
    got += count;
    const answers = Math.floor(got / GREEDY.length) - before;
    window.messages += answers;
    await write(conn, lines.subarray(0, answers * GREEDY.length));
  }
}

/** Sends a line at a time, a millisecond after the answer to the last. */
class QuietClient {
  readonly latencies = new Latencies();
  readonly #conn: Deno.Conn;
  #sentAt = NaN;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  async run(): Promise<never> {
    for (;;) {
      this.#sentAt = performance.now();
      await this.#exchange();
      this.latencies.add(performance.now() - this.#sentAt);
      this.#sentAt = NaN;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async #exchange(): Promise<void> {
    const into = new Uint8Array(QUIET.length);
    await write(this.#conn, QUIET);
    for (let got = 0; got < into.length;) {
      const count = await this.#conn.read(into.subarray(got));
      if (count === null) throw new Error("The server closed a connection");
      got += count;
    }
    if (into.some((byte, at) => byte !== QUIET[at])) {
      throw new Error("The server's answer is not what was sent");
    }
  }

  /** Counts the line that waits for its answer with the time that it has waited. */
  addUnanswered(): void {
    const waited = performance.now() - this.#sentAt;
    if (waited >= 0) this.latencies.add(waited);
  }
}

await runLoad(run);
// The clients would go on.
Deno.exit();

/**
 * A page that shows a running dispatcher, live: its servers and their
 * connections, its threads and what each waits for, its tools, its workers, how
 * late the event loop is, and the last errors. Its buttons close connections,
 * drain and pause servers, and restart workers.
 *
 * It is one page without a build, and needs no network but the one to the
 * program. It listens on loopback only unless told otherwise, and shows nothing
 * without its token.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { serve } from "jsr:@copas/copas/inspector";
 *
 * const inspector = serve(copas, { port: 8081 });
 * console.log(`Inspector: ${inspector.url}`);
 * copas.addserver(
 *   copas.socket.bind("127.0.0.1", 8080),
 *   copas.handler(async (skt) => {
 *     for await (const line of skt) await skt.send(line + "\n");
 *   }),
 * );
 * await copas.loop();
 * ```
 *
 * @module
 */

import type { Copas } from "../copas/copas.ts";
import { contextOf } from "../copas/internals.ts";
import { InspectorServer } from "./inspector.ts";
import {
  type InspectorOptions,
  type InspectorSettings,
  readInspectorOptions,
} from "./options.ts";

export type { InspectorOptions };

/** An inspector that listens, as {@linkcode serve} returns it. */
export class Inspector implements AsyncDisposable {
  /** The address of the page, with the token. A browser that opens it sees and does all that the page does. */
  readonly url: string;
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  readonly #server: InspectorServer;

  /** @ignore Only `serve` calls it. */
  constructor(server: InspectorServer, settings: InspectorSettings) {
    this.#server = server;
    this.addr = server.addr;
    const { hosts, hostname, token, cert } = settings;
    const { port } = server.addr;
    const own = hostname.includes(":") ? `[${hostname}]` : hostname;
    const host = hosts[0] ?? own;
    const scheme = cert === undefined ? "http" : "https";
    const url = new URL(`${scheme}://${host}/`);
    if (url.port === "") url.port = `${port}`;
    url.searchParams.set("token", token);
    this.url = url.href;
  }

  /**
   * Closes it: it listens no more, and its pages get no more news.
   *
   * @returns a promise that resolves when nothing of it is open any more
   */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** Closes it at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Serves the page that shows `copas`.
 *
 * It listens beside the dispatcher: `loop()` returns and the process ends as
 * they would without it. The address must be in the dispatcher's network scope.
 * `/healthz` answers as long as the event loop turns, and `/readyz` as long as
 * `loop()` runs and does not end; both without a token, and with nothing but
 * `ok`. `/metrics` is for Prometheus, with the token as bearer.
 *
 * The token in the `url` is exchanged for a cookie of 12 hours and leaves the
 * address bar. Cookies don't tell ports apart: other programs that serve pages
 * on the same address can see it, so run none there that may not see the
 * inspector.
 *
 * @param copas the dispatcher
 * @param options where it listens, and who may see it. Default: any free port
 * on 127.0.0.1, and a token of its own
 * @returns the inspector, with its address
 * @throws {TypeError} when `copas` is no dispatcher, an option is unknown or has
 * the wrong type, or `hostname` is not loopback and `hosts` is empty
 * @throws {RangeError} when the port is not one, or the token is too short
 * @throws {ScopeError} when the dispatcher's network scope does not allow the address
 * @throws {Deno.errors.AddrInUse} when the port is taken
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example Behind a name, with a certificate
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { serve } from "jsr:@copas/copas/inspector";
 *
 * await using inspector = serve(copas, {
 *   hostname: "0.0.0.0",
 *   port: 8443,
 *   hosts: ["inspector.example.com"],
 *   token: Deno.env.get("INSPECTOR_TOKEN"),
 *   cert: Deno.readTextFileSync("inspector.crt"),
 *   key: Deno.readTextFileSync("inspector.key"),
 * });
 * await copas.loop();
 * console.log(inspector.addr.port);
 * ```
 */
export function serve(copas: Copas, options: InspectorOptions = {}): Inspector {
  const context = contextOf("serve()", copas);
  const settings = readInspectorOptions(options);
  return new Inspector(new InspectorServer(copas, context, settings), settings);
}

/**
 * The part of the Copas API that is about servers in workers.
 *
 * @module
 */

import { Sockets } from "./sockets.ts";
import { Workers, type WorkersOptions } from "../workers/workers.ts";

/** Servers in workers, as {@linkcode Copas} has them. */
export abstract class WorkerServers extends Sockets {
  /**
   * Runs a server in workers, which share its port: over all processors, and
   * with fewer permissions than this process has.
   *
   * The handler's module exports the handler as its default, which gets the
   * Copas socket; `sslparams`, if it exports them, secure the connections first.
   * Each worker has a dispatcher of its own: the default one. `loop()` goes on
   * while there are workers; `exit()` stops them.
   *
   * Needs `--unstable-net`, and `--allow-read` of the module and what it imports.
   * `permissions` need `--unstable-worker-options`: without it Deno itself ends
   * the process, with a message that names the flag.
   *
   * Where this dispatcher, or this view of one, has a network scope, Deno grants
   * the workers no more than that, so the flag is needed then as well. The grant
   * knows no directions: they may connect to what the scope lets them listen on.
   *
   * @param module the handler's module
   * @param options where they listen, how many they are, what they may do
   * @returns the workers: wait for `ready`
   * @throws {ScopeError} when the address is outside the scope
   * @throws {Deno.errors.NotSupported} when `--unstable-net` is missing
   * @throws {Deno.errors.NotCapable} when the permissions go beyond this process's
   *
   * @example Two workers that may connect nowhere
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const workers = copas.addworkers(new URL("./handler.ts", import.meta.url), {
   *   hostname: "127.0.0.1",
   *   port: 8080,
   *   count: 2,
   *   permissions: { net: [] },
   * });
   * Deno.addSignalListener("SIGTERM", () => workers.stop());
   * await copas.loop();
   * ```
   */
  addworkers(module: URL, options: WorkersOptions): Workers {
    const workers = this.network.listenInWorkers(
      options,
      () =>
        new Workers(
          this.scheduler,
          module,
          options,
          this.network.policy.scopes,
        ),
    );
    this.scheduler.spawn(`${workers.name}:exit`, async () => {
      // A loop that begins takes back the exit of an earlier one.
      if (!this.running) await this.pause();
      await this.waitforexit();
      await workers.stop();
    });
    return workers;
  }
}

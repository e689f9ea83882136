/**
 * What runs in a worker: a dispatcher with one server, which listens itself on
 * the port that all workers share.
 *
 * @module
 */

import { formatAddress } from "../net/address.ts";
import { addressError } from "../net/address_error.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { postable, type Status } from "../server/status.ts";
import { pickServerOptions, type ServerOptions } from "../server/options.ts";
import type { Drained } from "../server/drain.ts";
import { takeControl } from "./control.ts";
import { DrainingListener } from "./draining_listener.ts";
import { watchHealth } from "./health.ts";
import type { Posted, ServeOrder } from "./messages.ts";
import { handlePosted } from "./traced_message.ts";
import { workerSslParams } from "./ssl_files.ts";

/** What a worker needs of its dispatcher. */
export interface WorkerDispatcher {
  addserver(
    server: Deno.Listener,
    handler: (conn: Deno.Conn) => unknown,
    options: ServerOptions,
  ): unknown;
  handler(
    fn: (skt: StreamSocket) => unknown,
    sslparams?: SslParams | SslParamsSource,
  ): (conn: Deno.Conn) => unknown;
  loop(): Promise<void>;
  shutdown(options: { grace: number }): Promise<Drained>;
  status(): Status;
}

/** What a handler's module exports. */
export interface HandlerModule {
  /** Runs once for each connection. */
  default: (skt: StreamSocket) => unknown;
  /** Secures every connection first. */
  sslparams?: SslParams | SslParamsSource;
  /** Gets each value that the main thread posts, the last one before the worker listens. */
  onmessage?: (value: unknown) => unknown;
  /** Tells whether the worker is healthy: it is replaced when this throws, gives `false`, or takes longer than the heartbeat. */
  health?: () => unknown;
}

/** Taken before the handler's module is evaluated, which could import this one. */
const control = takeControl();

/** The worker's own global scope. */
const scope = globalThis as unknown as { close(): void };
const close = scope.close?.bind(globalThis);

/** What has come to its end by itself, and what was cut, since the stop. */
let drained: Drained = { served: 0, cut: 0 };

/** Deno does not tell the main thread when a worker ends itself. */
const end = () => {
  control.tell({ kind: "ended", ...drained });
  close();
};
if ("WorkerGlobalScope" in globalThis) {
  scope.close = end;
  Deno.exit = () => {
    end();
    // As in Deno: nothing of the worker runs any more, and the call never returns.
    throw new Error("the worker has ended");
  };
}

/** Turns of the event loop in which a connection that was accepted gets to its handler. */
const TURNS = 3;

/** Obeys the main thread. */
export function work(copas: WorkerDispatcher, module: HandlerModule): void {
  let listener: DrainingListener | undefined;
  let served = 0;

  let endChecks = () => {};
  let stopped = Promise.resolve();

  const serve = async (order: ServeOrder) => {
    if (typeof module.default !== "function") {
      throw new TypeError(
        "the handler's module must have a function as its default export",
      );
    }
    if (order.posted !== undefined) await configure(order.posted);
    const sslparams = workerSslParams(order.sslparams, module.sslparams);
    const { hostname, port, backlog } = order;
    const handle = copas.handler(module.default, sslparams);
    const count = (conn: Deno.Conn) => {
      served++;
      return handle(conn);
    };
    listener = listenShared(hostname, port, backlog);
    copas.addserver(listener, count, pickServerOptions("addserver()", order));
    control.tell({ kind: "listening" });
    if (module.health !== undefined) {
      endChecks = watchHealth(module.health, order.heartbeat, fail);
    }
    copas.loop().then(() => stopped).then(end);
  };

  let configuring = Promise.resolve();
  const configure = (posted: Posted): Promise<void> => {
    const configured = configuring.then(async () => {
      if (typeof module.onmessage !== "function") {
        throw new TypeError(
          "a value was posted, but the handler's module exports no function onmessage",
        );
      }
      await handlePosted(copas, posted, module.onmessage);
    });
    configuring = configured.catch(() => {}); // the next one comes after it
    return configured;
  };

  const stop = async (grace: number) => {
    endChecks();
    await listener?.drain();
    await turns(); // what was accepted at the last moment gets to its handler
    control.tell({ kind: "closed" });
    stopped = copas.shutdown({ grace }).then((ended) => {
      drained = ended;
    });
  };

  control.hear((order) => {
    switch (order.kind) {
      case "serve":
        return void serve(order).catch((error) => fail(messageOf(error)));
      case "stop":
        return void stop(order.grace);
      case "post": {
        const { id, posted } = order;
        return void configure(posted).then(
          () => control.tell({ kind: "handled", id }),
          (error) =>
            control.tell({ kind: "handled", id, failure: messageOf(error) }),
        );
      }
      case "status":
        return control.tell({
          kind: "status",
          id: order.id,
          served,
          status: postable(copas.status()),
        });
    }
  });
}

function fail(message: string): void {
  control.tell({ kind: "failed", message });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function listenShared(
  hostname: string,
  port: number,
  tcpBacklog: number,
): DrainingListener {
  try {
    return new DrainingListener(
      Deno.listen({ hostname, port, tcpBacklog, reusePort: true }),
    );
  } catch (error) {
    const address = formatAddress(hostname, port);
    throw addressError("Cannot bind", address, error);
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

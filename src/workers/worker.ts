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
import type { Status } from "../core/status.ts";
import { pickServerOptions, type ServerOptions } from "../server/options.ts";
import { takeControl } from "./control.ts";
import { DrainingListener } from "./draining_listener.ts";
import type { ServeOrder } from "./messages.ts";

/** What a worker needs of its dispatcher. */
export interface WorkerDispatcher {
  addserver(
    server: Deno.Listener,
    handler: (conn: Deno.Conn) => unknown,
    options: ServerOptions,
  ): void;
  handler(
    fn: (skt: StreamSocket) => unknown,
    sslparams?: SslParams | SslParamsSource,
  ): (conn: Deno.Conn) => unknown;
  loop(): Promise<void>;
  exit(): void;
  status(): Status;
}

/** What a handler's module exports. */
export interface HandlerModule {
  /** Runs once for each connection. */
  default: (skt: StreamSocket) => unknown;
  /** Secures every connection first. */
  sslparams?: SslParams | SslParamsSource;
}

/** Taken before the handler's module is evaluated, which could import this one. */
const control = takeControl();

/** The worker's own global scope. */
const scope = globalThis as unknown as { close(): void };
const close = scope.close?.bind(globalThis);

/** Deno does not tell the main thread when a worker ends itself. */
const end = () => {
  control.tell({ kind: "ended" });
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

  const serve = (order: ServeOrder) => {
    if (typeof module.default !== "function") {
      throw new TypeError(
        "the handler's module must have a function as its default export",
      );
    }
    const { hostname, port, backlog } = order;
    listener = listenShared(hostname, port, backlog);
    const handle = copas.handler(module.default, module.sslparams);
    const count = (conn: Deno.Conn) => {
      served++;
      return handle(conn);
    };
    copas.addserver(listener, count, pickServerOptions("addserver()", order));
    control.tell({ kind: "listening" });
    copas.loop().then(end);
  };

  const stop = async () => {
    await listener?.drain();
    await turns(); // what was accepted at the last moment gets to its handler
    control.tell({ kind: "closed" });
    copas.exit();
  };

  control.hear((order) => {
    try {
      if (order.kind === "serve") serve(order);
      else if (order.kind === "stop") stop();
      else {
        const status = copas.status();
        control.tell({ kind: "status", id: order.id, served, status });
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      control.tell({ kind: "failed", message });
    }
  });
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

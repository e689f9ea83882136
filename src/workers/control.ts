/**
 * The worker's end of the channel on which the main thread and the worker's
 * own module talk.
 *
 * The handler's module runs in the same realm, and may replace every global and
 * every method of a prototype. It must not get hold of the channel: so this
 * module, which is evaluated before the handler's module, makes the channel,
 * keeps one end to itself and calls only what it has taken for itself. The
 * worker's global channel (`self.postMessage`, `self.onmessage`) carries the
 * other end to the main thread as its very first message; every later message
 * on it is the handler's own.
 *
 * @module
 */

import type { Order, Report } from "./messages.ts";

/** What the worker's own module does with the channel. */
export interface Control {
  /** Tells the main thread. */
  tell(report: Report): void;
  /** Calls `obey` with each order but pings, which are answered from the start. */
  hear(obey: (order: Exclude<Order, { kind: "ping" }>) => void): void;
}

const { apply, defineProperty } = Reflect;
const { postMessage } = MessagePort.prototype;

let taken = false;

/**
 * Makes the channel, for the first caller only.
 *
 * @throws {Error} for every later caller
 */
export function takeControl(): Control {
  if (taken) throw new Error("the worker's control channel is taken");
  taken = true;
  if (!("WorkerGlobalScope" in globalThis)) {
    return { tell() {}, hear() {} }; // imported outside a worker
  }
  const { port1, port2 } = new MessageChannel();
  const scope = globalThis as unknown as {
    postMessage(message: unknown, transfer: Transferable[]): void;
  };
  scope.postMessage(null, [port2]);
  const tell = (report: Report) => apply(postMessage, port1, [report]);
  let obey: Parameters<Control["hear"]>[0] = () => {};
  const receive = (event: Event) => {
    const order = (event as MessageEvent<Order>).data;
    if (order.kind === "ping") tell({ kind: "alive" });
    else obey(order);
  };
  // Deno 2.9.6 calls `port.dispatchEvent(event)`, which would be looked up in
  // EventTarget.prototype, with the port as `this` and as the event's target.
  // The port's own one leaves neither to be seen.
  defineProperty(port1, "dispatchEvent", { value: receive });
  port1.onmessage = receive; // starts it
  return {
    tell,
    hear(listener) {
      obey = listener;
      tell({ kind: "loaded" });
    },
  };
}

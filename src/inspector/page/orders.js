// The buttons: each asks twice before it does something.

import { h } from "./libraries/preact.js";
import { useEffect, useState } from "./libraries/hooks.js";
import htm from "./libraries/htm.js";

const html = htm.bind(h);
/** For so many milliseconds a button waits for the second click. */
const PATIENCE = 4000;

let tell = () => {};
let timer;

/** Says what gets the outcome of orders. */
export function onTold(listener) {
  tell = (text) => {
    listener(text);
    clearTimeout(timer);
    timer = setTimeout(() => listener(""), PATIENCE);
  };
}

/** Gives the function that sends orders with the proof of the session, which is a promise. */
export function act(session) {
  return async (order, about) => {
    try {
      const { proof } = await session;
      const response = await fetch("/actions", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-inspector-proof": proof,
        },
        body: JSON.stringify(order),
      });
      const done = response.ok ? "done" : (await response.text()).trim();
      tell(`${order.action} ${about}: ${done}`);
    } catch {
      tell(`${order.action} ${about}: the program does not answer`);
    }
  };
}

/** A button for an order. */
export function Order({ order, action, id, worker, label, about }) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (!isAsking) return;
    const over = setTimeout(() => setAsking(false), PATIENCE);
    return () => clearTimeout(over);
  }, [isAsking]);
  // Another order: what was asked for is not what it would do now.
  useEffect(() => setAsking(false), [action, id, worker]);
  const onclick = async () => {
    if (!isAsking) return setAsking(true);
    setAsking(false);
    setBusy(true);
    await order({ action, id, worker }, about);
    setBusy(false);
  };
  return html`
    <button type="button" class=${isAsking ? "sure" : ""} disabled=${isBusy}
      onClick=${onclick} onBlur=${() => setAsking(false)} data-action=${action}
      aria-label=${`${label} ${about}${isAsking ? ": sure?" : ""}`}>${isAsking
        ? "Sure?"
        : label}</button>
  `;
}

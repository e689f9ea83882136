/**
 * The options of a connection that `setoption` sets.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";

/** The options that a stream socket knows, with LuaSocket's names. */
export type SocketOption = "tcp-nodelay" | "keepalive";

/** Deno's methods for them. */
const METHODS = {
  "tcp-nodelay": "setNoDelay",
  "keepalive": "setKeepAlive",
} as const;

/** Sets an option of `conn`, which is the connection of the socket called `socketName`. */
export function setOption(
  conn: Deno.Conn,
  socketName: string,
  name: SocketOption,
  value: boolean,
): void {
  const call = "setoption()";
  if (!Object.hasOwn(METHODS, name)) {
    const known = Object.keys(METHODS).map((option) => `"${option}"`);
    throw wrongType(call, "the name", known.join(" or "), name);
  }
  if (typeof value !== "boolean") {
    throw wrongType(call, "the value", "a boolean", value);
  }
  const method = METHODS[name];
  if (!(method in conn)) {
    throw new Deno.errors.NotSupported(
      `${call}: ${socketName} has no option ${name}; only TCP has`,
    );
  }
  (conn as Deno.TcpConn)[method](value);
}

/** Without it, the second of two small writes would wait 40 ms for the peer's acknowledgement of the first. */
export function sendSmallWritesAtOnce(conn: Deno.Conn): void {
  if (!("setNoDelay" in conn)) return;
  try {
    (conn as Deno.TcpConn).setNoDelay(true);
  } catch {
    // The peer has gone already: the first receive or send tells.
  }
}

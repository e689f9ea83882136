/**
 * The key-value example, on a port that is free.
 *
 * @module
 */

import copas from "../../../mod.ts";
import { announce } from "../announce.ts";

const { socket } = copas;
const bind = socket.bind.bind(socket);
// The example imports the same module, and so binds through this one.
socket.bind = (host) => {
  const server = bind(host, 0);
  announce(server.addr);
  return server;
};
await import("../../../examples/key_value_server.ts");

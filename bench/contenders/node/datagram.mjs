// @ts-check
/**
 * The peer "node:dgram", which runs on Deno and on Node.
 *
 * @module
 */

import dgram from "node:dgram";

const server = dgram.createSocket("udp4");
server.on("message", (data, { port, address }) => {
  server.send(data, port, address);
});
server.bind(0, "127.0.0.1", () => console.log(server.address().port));

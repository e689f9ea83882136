/**
 * The peer "bare loop" for datagrams: each goes back to where it came from.
 *
 * @module
 */

import { announce } from "../announce.ts";

const server = Deno.listenDatagram({
  transport: "udp",
  hostname: "127.0.0.1",
  port: 0,
});
announce(server.addr);
const buffer = new Uint8Array(8192);
for (;;) {
  const [data, address] = await server.receive(buffer);
  await server.send(data, address);
}

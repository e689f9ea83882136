/**
 * Our echo server for datagrams: what a user of the library would write.
 *
 * @module
 */

import copas, { type DatagramSocket } from "../../../mod.ts";
import { announce } from "../announce.ts";

const server = Deno.listenDatagram({
  transport: "udp",
  hostname: "127.0.0.1",
  port: 0,
});
copas.addserver(
  server,
  copas.handler(async (skt: DatagramSocket) => {
    const buffer = new Uint8Array(8192);
    for (;;) {
      const [data, ip, port] = await skt.receivefrom(buffer);
      await skt.sendto(data, ip, port);
    }
  }),
);
announce(server.addr);
await copas.loop();

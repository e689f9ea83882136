/**
 * Our server for streams: what a user of the library would write.
 *
 * @module
 */

import copas, { type StreamSocket } from "../../../mod.ts";
import { announce } from "../announce.ts";

const jobs: Record<string, (skt: StreamSocket) => Promise<void>> = {
  async lines(skt) {
    for (let line; (line = await skt.receive()) !== null;) {
      await skt.send(line + "\n");
    }
  },
  async relay(skt) {
    const buffer = new Uint8Array(64 * 1024);
    for (let data; (data = await skt.receivepartial(buffer)) !== null;) {
      await skt.send(data);
    }
  },
  async relay_arrays(skt) {
    for (let data; (data = await skt.receivepartial(64 * 1024)) !== null;) {
      await skt.send(data);
    }
  },
  async storm(skt) {
    await skt.send(await skt.receive() + "\n");
  },
};

const [job, path] = Deno.args;
const server = path === undefined
  ? copas.socket.bind("127.0.0.1", 0)
  : Deno.listen({ transport: "unix", path });
copas.addserver(server, copas.handler(jobs[job]));
announce(server.addr);
await copas.loop();

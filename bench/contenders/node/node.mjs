// @ts-check
/**
 * The peer: servers of `node:net` and `node:http` on their own sockets.
 *
 * @module
 */

import { argv } from "node:process";
import { makeServer } from "../node_servers.ts";

const server = makeServer(argv[2]);
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  const address = server.address();
  console.log(typeof address === "string" ? address : address?.port);
});

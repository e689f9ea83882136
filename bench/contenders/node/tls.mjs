// @ts-check
/**
 * The peer "node:tls", which runs on Deno and on Node. Arguments: the files of
 * certificate and key.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { argv } from "node:process";
import tls from "node:tls";

const [cert, key] = argv.slice(2).map((file) => readFileSync(file));
const server = tls.createServer({ cert, key, noDelay: true }, (socket) => {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) send(line + "\n");
  });

  /** @param {string} data */
  function send(data) {
    if (socket.write(data) || socket.isPaused()) return;
    socket.pause();
    socket.once("drain", () => socket.resume());
  }
});
server.listen({ host: "127.0.0.1", port: 0 }, () => {
  const address = server.address();
  console.log(typeof address === "string" ? address : address?.port);
});

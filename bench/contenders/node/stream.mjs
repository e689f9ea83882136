// @ts-check
/**
 * The peer "node:net", which runs on Deno and on Node.
 *
 * @module
 */

import net from "node:net";
import { argv } from "node:process";

/** @type {Record<string, (socket: net.Socket) => void>} */
const jobs = {
  lines(socket) {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) send(socket, line + "\n");
    });
  },
  relay(socket) {
    socket.on("data", (chunk) => send(socket, chunk));
  },
  storm(socket) {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) socket.end(text.slice(0, end + 1));
    });
  },
};

/**
 * Sends, and reads no more while the peer does not.
 *
 * @param {net.Socket} socket
 * @param {string | Uint8Array} data
 */
function send(socket, data) {
  if (socket.write(data) || socket.isPaused()) return;
  socket.pause();
  socket.once("drain", () => socket.resume());
}

const [job, path] = argv.slice(2);
const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  jobs[job](socket);
});
const listening = () => {
  const address = server.address();
  console.log(typeof address === "string" ? address : address?.port);
};
if (path === undefined) {
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, listening);
} else {
  server.listen(path, listening);
}

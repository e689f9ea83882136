// @ts-check
/**
 * The servers of the case `node`: the same on our sockets and on node's own.
 *
 * @module
 */

import http from "node:http";
import net from "node:net";

/** The answer to each HTTP request, all of it. */
export const ANSWER = [
  "HTTP/1.1 200 OK",
  "Content-Type: text/plain",
  "Content-Length: 14",
  "Connection: keep-alive",
  "Keep-Alive: timeout=5",
  "",
  "Hello, world!\n",
].join("\r\n");

/**
 * Makes a server that does not listen yet.
 *
 * @param {string} job `echo` or `http`
 * @returns {net.Server}
 */
export function makeServer(job) {
  if (job === "echo") return net.createServer({ noDelay: true }, echo);
  return http.createServer((_request, response) => {
    response.sendDate = false;
    response.writeHead(200, {
      "Content-Type": "text/plain",
      "Content-Length": 14,
    });
    response.end("Hello, world!\n");
  });
}

/** @param {net.Socket} socket */
function echo(socket) {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    if (socket.write(chunk) || socket.isPaused()) return;
    socket.pause();
    socket.once("drain", () => socket.resume());
  });
}

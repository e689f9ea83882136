/**
 * The servers of the case `node`: the same on our sockets and on node's own.
 *
 * @module
 */

import http from "node:http";
import net from "node:net";

/** The answer to each HTTP request, all of it. */
export const ANSWER: string = [
  "HTTP/1.1 200 OK",
  "Content-Type: text/plain",
  "Content-Length: 14",
  "Connection: keep-alive",
  "Keep-Alive: timeout=5",
  "",
  "Hello, world!\n",
].join("\r\n");

/** Makes a server, of `echo` or `http`, that does not listen yet. */
export function makeServer(job: string): net.Server {
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

function echo(socket: net.Socket): void {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    if (socket.write(chunk) || socket.isPaused()) return;
    socket.pause();
    socket.once("drain", () => socket.resume());
  });
}

/**
 * A stream socket as web streams.
 *
 * @module
 */

import type { StreamSocket } from "./stream_socket.ts";

/** How much of the stream is handed over at once. */
const CHUNK = 64 * 1024;

/** What the peer sends, as a stream that reads only as fast as its consumer. */
export function readableOf(
  socket: StreamSocket,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const bytes = await socket.receivepartial(CHUNK);
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: () => socket.close(),
  }, { highWaterMark: 0 });
}

/** What goes to the peer, as a stream that waits while the peer does not read. */
export function writableOf(
  socket: StreamSocket,
): WritableStream<string | Uint8Array> {
  return new WritableStream({
    async write(chunk) {
      await socket.send(chunk);
    },
    close: () => socket.shutdown("send"),
    abort: () => socket.close(),
  });
}

/**
 * A stream socket as web streams.
 *
 * @module
 */

/** How many bytes of the stream are handed over at once. */
const CHUNK_SIZE = 64 * 1024;

/** A socket that is read. */
export interface ReadableSocket {
  receivepartial(size: number): Promise<Uint8Array<ArrayBuffer> | null>;
  close(): Promise<void>;
}

/** A socket that is written to. */
export interface WritableSocket {
  send(data: string | Uint8Array): Promise<number>;
  shutdown(direction: "send"): Promise<void>;
  abort(): void;
}

/** What the peer sends, as a stream that reads only as fast as its consumer. */
export function readableOf(
  socket: ReadableSocket,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const bytes = await socket.receivepartial(CHUNK_SIZE);
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: () => socket.close(),
  }, { highWaterMark: 0 });
}

/**
 * What goes to the peer, as a stream that waits while the peer does not read.
 *
 * @param onabort called when the stream is aborted, with the reason
 */
export function writableOf(
  socket: WritableSocket,
  onabort: (reason: unknown) => void,
): WritableStream<string | Uint8Array> {
  return new WritableStream({
    async write(chunk) {
      await socket.send(chunk);
    },
    close: () => socket.shutdown("send"),
    abort(reason) {
      // An orderly end would make a part look like the whole.
      socket.abort();
      onabort(reason);
    },
  });
}

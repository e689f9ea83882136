/**
 * The end of a connection whose peer still sends. Were it closed at once, the
 * system would reset it, and what the peer has not read yet would be lost: the
 * answer that tells why (RFC 9112, section 9.6).
 *
 * @module
 */

import { waitForCall } from "../core/call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import type { ByteStream } from "../readiness/stream.ts";
import type { SocketIdentity } from "./socket_identity.ts";

const ROOM = 16 * 1024;
/** Seconds without a byte after which the peer counts as silent, and the connection is closed. */
const LONGEST_SILENCE = 5;
/** So many bytes are dropped at most: a peer that never stops gets its reset. */
const MOST = 64 * 1024 * 1024;

/**
 * Says that nothing more will be sent, and drops what comes until the peer's
 * end.
 *
 * @param source has read the stream so far
 * @param waits whether to wait for a peer that has nothing on the way now
 * @param timeout seconds for all of it
 */
export async function discardRest(
  scheduler: Scheduler,
  stream: ByteStream,
  socket: SocketIdentity,
  source: ReadSource,
  waits: boolean,
  timeout: number,
): Promise<void> {
  const into = new Uint8Array(ROOM);
  const { clock } = scheduler;
  const deadline = clock.now() + timeout;
  const messagePrefix = `Cannot close ${socket.name}`;
  const wait = (begin: () => Promise<number | null>) => {
    const remaining = Math.max(deadline - clock.now(), 0);
    const timeout = Math.min(LONGEST_SILENCE, remaining);
    return waitForCall(scheduler, begin, { messagePrefix, socket, timeout });
  };
  try {
    let count = await wait(async () => {
      await stream.closeWrite();
      // Deno can't take a read back: one that has timed out comes before others.
      const first = source.busy ? source.underWay! : stream.read(into);
      return await (waits ? first : unlessPending(first));
    });
    for (let all = 0; count !== null && all < MOST;) {
      count = await wait(() => stream.read(into));
      all += count ?? 0;
    }
  } catch {
    // The time is up, the thread was removed, or the peer has gone: all was written.
  }
}

/** What a read brings that brings something in this turn of the event loop, or else `null`. */
function unlessPending(read: Promise<number | null>): Promise<number | null> {
  read.catch(() => {}); // the close ends it
  const turn = new Promise<null>((resolve) =>
    setImmediate(() => setImmediate(resolve, null))
  );
  return Promise.race([read, turn]);
}

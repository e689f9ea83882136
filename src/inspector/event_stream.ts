/**
 * The live pages: each gets the same server-sent events, and none can make the
 * inspector keep more than one event for it.
 *
 * @module
 */

/** How many pages are live at once. */
export const MOST_STREAMS = 32;
/** How many events in a row a page may leave unread before its stream is ended. */
const MOST_MISSED = 30;

const encoder = new TextEncoder();

/** A page that is live. */
interface Listener {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  missed: number;
}

/** The streams of events to all live pages. */
export class EventStreams {
  readonly #listeners = new Set<Listener>();

  /** How many pages are live. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Opens a stream that begins with `first`; nothing when there are too many. */
  open(first: string): ReadableStream<Uint8Array> | undefined {
    if (this.#listeners.size >= MOST_STREAMS) return undefined;
    let listener: Listener;
    return new ReadableStream({
      start: (controller) => {
        listener = { controller, missed: 0 };
        this.#listeners.add(listener);
        controller.enqueue(encoder.encode(first));
      },
      cancel: () => void this.#listeners.delete(listener),
    });
  }

  /** Sends an event to all who have read the one before. */
  send(event: string): void {
    const bytes = encoder.encode(event);
    for (const listener of [...this.#listeners]) {
      const { controller } = listener;
      // A page that does not read gets the next event when it does: each
      // tells all, so that nothing is lost.
      if ((controller.desiredSize ?? 0) > 0) {
        listener.missed = 0;
        controller.enqueue(bytes);
      } else if (++listener.missed > MOST_MISSED) {
        this.#listeners.delete(listener);
        controller.error(new Error("The page does not read its events."));
      }
    }
  }

  /** Ends all streams. */
  close(): void {
    for (const { controller } of this.#listeners) controller.close();
    this.#listeners.clear();
  }
}

/** Writes an event with a value as JSON, which has no line end of its own. */
export function eventOf(name: string, value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}

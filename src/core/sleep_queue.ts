/**
 * The sleep queue: what the dispatcher has to do at a certain time, the
 * earliest first. A binary heap whose entries know their place, so that each
 * can be moved or taken out in O(log n).
 *
 * @module
 */

/** Something that is to be called at a time. An entry is in one queue at most. */
export abstract class Sleeper {
  /** The time, in the clock's seconds, while the entry is in a queue. */
  at = Infinity;
  /** Where in the heap the entry stands; -1 when in none. Only the queue writes it. */
  place = -1;
  /** Breaks ties: who came first is called first. Only the queue writes it. */
  order = 0;

  /** When it really has something to do: an entry may have been left at an earlier time. */
  get dueAt(): number {
    return this.at;
  }

  /** Called when its time has come. The entry is no longer in the queue then. */
  abstract due(now: number): void;
}

/** The entries, the earliest first. */
export class SleepQueue {
  #heap: Sleeper[] = [];
  #count = 0;

  /** The earliest time in the queue; `Infinity` when it is empty. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0].at;
  }

  /** The earliest entry. */
  get first(): Sleeper | undefined {
    return this.#heap[0];
  }

  /** How many entries there are. */
  get size(): number {
    return this.#heap.length;
  }

  /** Puts `sleeper` in for the time `at`, or moves it there. */
  set(sleeper: Sleeper, at: number): void {
    if (sleeper.place < 0) {
      sleeper.place = this.#heap.push(sleeper) - 1;
    }
    sleeper.at = at;
    sleeper.order = ++this.#count;
    this.#down(sleeper, this.#up(sleeper, sleeper.place));
  }

  /** Takes `sleeper` out. Does nothing when it is not in. */
  delete(sleeper: Sleeper): void {
    const place = sleeper.place;
    if (place < 0) return;
    sleeper.place = -1;
    const last = this.#heap.pop()!;
    if (last === sleeper) return;
    this.#down(last, this.#up(last, place));
  }

  /** The mark of the entry that was put in last. */
  get newest(): number {
    return this.#count;
  }

  /** Takes out the earliest entry if its time has come by `now`; not one that came later than the mark `newest`. */
  take(now: number, newest = Infinity): Sleeper | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    if (first.order > newest) return undefined;
    this.delete(first);
    return first;
  }

  /** Finds the place at or above `place` for `sleeper`, moving later ones down. */
  #up(sleeper: Sleeper, place: number): number {
    const heap = this.#heap;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isEarlier(sleeper, heap[above])) break;
      heap[place] = heap[above];
      heap[place].place = place;
      place = above;
    }
    return place;
  }

  /** Settles `sleeper` at or below `place`, moving earlier ones up. */
  #down(sleeper: Sleeper, place: number): void {
    const heap = this.#heap;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isEarlier(heap[below + 1], heap[below])) {
        below++;
      }
      if (!isEarlier(heap[below], sleeper)) break;
      heap[place] = heap[below];
      heap[place].place = place;
      place = below;
    }
    heap[place] = sleeper;
    sleeper.place = place;
  }
}

function isEarlier(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

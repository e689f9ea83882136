/**
 * The sleep queue: what the dispatcher has to do at a certain time, the
 * earliest first. A heap whose entries know their place, so that each can be
 * moved or taken out in O(log n).
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

/** How many entries stand below each one: the times of four lie in one line of the processor's cache. */
const BRANCHES = 4;

/** The entries, the earliest first. */
export class SleepQueue {
  #heap: Sleeper[] = [];
  /** Their times, in the same order: comparing them touches no entry. */
  #times: number[] = [];
  #count = 0;

  /** The earliest time in the queue; `Infinity` when it is empty. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#times[0];
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
    let { place } = sleeper;
    if (place < 0) {
      place = this.#heap.push(sleeper) - 1;
      this.#times.push(at);
    }
    sleeper.at = at;
    sleeper.order = ++this.#count;
    this.#settle(sleeper, place);
  }

  /** Takes `sleeper` out. Does nothing when it is not in. */
  delete(sleeper: Sleeper): void {
    const place = sleeper.place;
    if (place < 0) return;
    sleeper.place = -1;
    const last = this.#heap.pop()!;
    this.#times.pop();
    if (last !== sleeper) this.#settle(last, place);
  }

  /** The mark of the entry that was put in last. */
  get newest(): number {
    return this.#count;
  }

  /** Takes out the earliest entry if its time has come by `now`; not one that came later than the mark `newest`. */
  take(now: number, newest = Infinity): Sleeper | undefined {
    if (this.next > now) return undefined;
    const first = this.#heap[0];
    if (first === undefined || first.order > newest) return undefined;
    this.delete(first);
    return first;
  }

  /** Puts `sleeper` where it belongs, from `place` upwards or downwards, and moves those out of its way. */
  #settle(sleeper: Sleeper, place: number): void {
    const heap = this.#heap;
    const times = this.#times;
    const { at } = sleeper;
    while (place > 0) {
      const above = Math.floor((place - 1) / BRANCHES);
      if (!isEarlier(at, sleeper, times[above], heap[above])) break;
      this.#move(above, place);
      place = above;
    }
    for (;;) {
      const first = BRANCHES * place + 1;
      if (first >= heap.length) break;
      let below = first;
      const end = Math.min(first + BRANCHES, heap.length);
      for (let i = first + 1; i < end; i++) {
        if (isEarlier(times[i], heap[i], times[below], heap[below])) below = i;
      }
      if (!isEarlier(times[below], heap[below], at, sleeper)) break;
      this.#move(below, place);
      place = below;
    }
    heap[place] = sleeper;
    times[place] = at;
    sleeper.place = place;
  }

  #move(from: number, to: number): void {
    const sleeper = this.#heap[to] = this.#heap[from];
    this.#times[to] = this.#times[from];
    sleeper.place = to;
  }
}

/** The entries are looked at only when their times are the same. */
function isEarlier(at: number, a: Sleeper, than: number, b: Sleeper): boolean {
  return at < than || (at === than && a.order < b.order);
}

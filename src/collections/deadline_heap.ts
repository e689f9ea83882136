/**
 * What has to be done at a certain time, the earliest first. A heap whose
 * entries know their place, so that each is moved or taken out in O(log n).
 *
 * @module
 */

/** Something that has a deadline. An entry stands in one heap at most. */
export abstract class DeadlineEntry {
  /** When there is something to do, in the clock's seconds; `Infinity`: never. */
  deadline = Infinity;
  /** Where in the heap the entry stands; -1 when in none. Only the heap writes it. */
  place = -1;
  /** Breaks ties: of two entries for the same time, the one that was set first comes out first. Only the heap writes it. */
  order = 0;

  /** Called when the deadline has been reached. The entry is no longer in the heap then. */
  abstract due(now: number): void;

  /**
   * Brings `deadline` up to date. An entry that stands for many deadlines, of
   * which most are met, is not moved for each of them: it is left where it is
   * and finds out the next deadline when it is asked.
   */
  updateDeadline(): void {}
}

/** How many entries stand below each one: the times of four lie in one line of the processor's cache. */
const BRANCHES = 4;

/** The entries, the earliest first. */
export class DeadlineHeap {
  #entries: DeadlineEntry[] = [];
  /** Their times, in the same order: comparing two of them touches no entry. */
  #times: number[] = [];
  #count = 0;

  /** The earliest time; `Infinity` when the heap is empty. */
  get next(): number {
    return this.#entries.length === 0 ? Infinity : this.#times[0];
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** The mark of the entry that was set last. */
  get newest(): number {
    return this.#count;
  }

  /** Puts `entry` in with the deadline `time`, or moves it there. */
  set(entry: DeadlineEntry, time: number): void {
    let { place } = entry;
    if (place < 0) {
      place = this.#entries.push(entry) - 1;
      this.#times.push(time);
    }
    entry.deadline = time;
    entry.order = ++this.#count;
    this.#sift(entry, time, place);
  }

  /** Takes `entry` out. Does nothing when it is in no heap. */
  delete(entry: DeadlineEntry): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#entries.pop()!;
    const time = this.#times.pop()!;
    if (last !== entry) this.#sift(last, time, place);
  }

  /** Takes out the earliest entry if its time has come by `now`; not one that was set after the mark `newest`. */
  take(now: number, newest = Infinity): DeadlineEntry | undefined {
    if (this.next > now) return undefined;
    const first = this.#entries[0];
    if (first === undefined || first.order > newest) return undefined;
    this.delete(first);
    return first;
  }

  /** Asks the earliest entries for their deadlines until one stands where it belongs. Returns whether `next` has changed. */
  update(): boolean {
    const before = this.next;
    for (let first; (first = this.#entries[0]) !== undefined;) {
      first.updateDeadline();
      const { deadline } = first;
      if (deadline <= this.next) break;
      if (deadline === Infinity) this.delete(first);
      else this.set(first, deadline);
    }
    return this.next !== before;
  }

  /** Puts `entry` where it belongs, from `place` upwards or downwards, and moves those out of its way. */
  #sift(entry: DeadlineEntry, time: number, place: number): void {
    const entries = this.#entries;
    const times = this.#times;
    while (place > 0) {
      const above = Math.floor((place - 1) / BRANCHES);
      if (!isEarlier(time, entry, times[above], entries[above])) break;
      this.#move(above, place);
      place = above;
    }
    for (;;) {
      const first = BRANCHES * place + 1;
      if (first >= entries.length) break;
      let below = first;
      const end = Math.min(first + BRANCHES, entries.length);
      for (let i = first + 1; i < end; i++) {
        if (isEarlier(times[i], entries[i], times[below], entries[below])) {
          below = i;
        }
      }
      if (!isEarlier(times[below], entries[below], time, entry)) break;
      this.#move(below, place);
      place = below;
    }
    entries[place] = entry;
    times[place] = time;
    entry.place = place;
  }

  #move(from: number, to: number): void {
    const entry = this.#entries[to] = this.#entries[from];
    this.#times[to] = this.#times[from];
    entry.place = to;
  }
}

/** The entries are looked at only when their times are the same. */
function isEarlier(
  time: number,
  entry: DeadlineEntry,
  otherTime: number,
  other: DeadlineEntry,
): boolean {
  return time < otherTime ||
    (time === otherTime && entry.order < other.order);
}

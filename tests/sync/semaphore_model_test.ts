// The semaphore beside a model of it.

import type { Semaphore } from "../../mod.ts";
import { type Actor, type Call, Game, playAll } from "./model.ts";
import { repetitions } from "../fixtures/repetitions.ts";

interface Take extends Call {
  readonly n: number;
}

class SemaphoreGame extends Game {
  readonly semaphore: Semaphore;
  readonly max: number;
  // The model.
  count: number;
  waiting: Take[] = [];
  /** Those who were given theirs since the last step, but have not run yet. */
  fresh: Take[] = [];
  destroyed = false;

  constructor(seed: number) {
    super(seed);
    this.max = this.random.integer(1, 5);
    this.count = this.random.integer(0, this.max);
    this.semaphore = this.copas.semaphore.new(this.max, {
      start: this.count,
      name: "semaphore",
    });
  }

  protected move(): string {
    const what = this.random.next();
    if (what < 0.005) return this.destroy();
    return what < 0.6 ? this.take(this.random.pick(this.actors)) : this.give();
  }

  take(actor: Actor): string {
    const n = this.random.integer(0, 6);
    const timeout = this.timeout();
    const id = this.call(
      actor,
      (options) => this.semaphore.take(n, options),
      timeout,
    );
    const take = { id, actor, n, deadline: this.now + timeout };
    if (actor.removed) this.expected[id] = "cancelled";
    else if (this.destroyed) this.immediate(take, "destroyed");
    else if (n > this.max) this.immediate(take, "too many");
    else if (this.waiting.length === 0 && this.count >= n) {
      this.count -= n;
      this.immediate(take, "got true");
      if (this.isSliceOver) this.fresh.push(take);
    } else if (timeout === 0) this.immediate(take, "timeout");
    else this.waiting.push(take);
    return `${actor.name}: take(${n}, ${timeout}), call ${id}`;
  }

  give(): string {
    const n = this.random.integer(0, 4);
    let result = "true";
    try {
      this.semaphore.give(n);
    } catch (error) {
      result = (error as { code: string }).code;
    }
    const expected = this.destroyed
      ? "destroyed"
      : this.serve(n) > 0
      ? "too many"
      : "true";
    if (result !== expected) throw new Error(`give(${n}): ${result}`);
    return `give(${n})`;
  }

  /** Serves who waits, and returns how many are too many. */
  serve(n: number): number {
    this.count += n;
    while (this.waiting.length > 0 && this.waiting[0].n <= this.count) {
      const take = this.waiting.shift()!;
      this.count -= take.n;
      this.fresh.push(take);
      this.expected[take.id] = "got true";
    }
    const spare = Math.max(0, this.count - this.max);
    this.count -= spare;
    return spare;
  }

  destroy(): string {
    if (this.destroyed) return "nothing";
    this.semaphore.destroy();
    this.destroyed = true;
    for (const take of this.waiting) this.decide(take, "destroyed");
    this.waiting = [];
    return "destroy()";
  }

  protected removed(actor: Actor): void {
    // The oldest call first: it may hand on to a younger one, which hands on again.
    const calls = [...this.fresh, ...this.waiting]
      .filter((take) => take.actor === actor)
      .sort((a, b) => a.id - b.id);
    for (const take of calls) {
      this.expected[take.id] = "cancelled";
      const given = this.fresh.includes(take);
      this.fresh = this.fresh.filter((other) => other !== take);
      this.waiting = this.waiting.filter((other) => other !== take);
      if (!this.destroyed) this.serve(given ? take.n : 0);
    }
  }

  protected override get knowsSlices(): boolean {
    return true;
  }

  protected override delivered(): void {
    this.fresh = [];
  }

  protected expire(): void {
    for (
      const take of this.waiting.filter((take) => take.deadline <= this.now)
    ) {
      // One before it may have made room for it.
      if (!this.waiting.includes(take)) continue;
      this.expected[take.id] = "timeout";
      this.waiting = this.waiting.filter((other) => other !== take);
      this.serve(0);
    }
  }

  protected aborted(id: number): void {
    const take = this.waiting.find((take) => take.id === id);
    if (take === undefined) return;
    this.expected[id] = "cancelled";
    this.waiting = this.waiting.filter((other) => other !== take);
    this.serve(0);
  }

  protected state(): string {
    if (this.destroyed) return this.semaphore.toString();
    return `${this.semaphore}, wanted: ${this.semaphore.getwait()}`;
  }

  protected expectedState(): string {
    if (this.destroyed) return "semaphore: destroyed";
    const { length } = this.waiting;
    const wanted = length === 0
      ? 0
      : this.waiting.reduce((sum, take) => sum + take.n, -this.count);
    return `semaphore: ${this.count} of ${this.max}, ${length} waiting, wanted: ${wanted}`;
  }
}

Deno.test("a semaphore does what its model does, whatever threads do to it", async () => {
  await playAll(repetitions(2000), 12, (seed) => new SemaphoreGame(seed));
});

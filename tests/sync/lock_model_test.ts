// The lock beside a model of it.

import type { Lock } from "../../mod.ts";
import { type Actor, type Call, Game, playAll } from "./model.ts";

interface Get extends Call {
  readonly began: number;
}

class LockGame extends Game {
  readonly lock: Lock;
  readonly reentrant: boolean;
  // The model.
  owner?: Actor;
  count = 0;
  waiting: Get[] = [];
  /** Those who own the lock since the last step, but have not run yet. */
  fresh: Get[] = [];
  destroyed = false;

  constructor(seed: number) {
    super(seed);
    this.reentrant = this.random.chance(0.7);
    this.lock = this.copas.lock.new({
      name: "lock",
      notreentrant: !this.reentrant,
    });
  }

  protected move(): string {
    const actor = this.random.pick(this.actors);
    const what = this.random.next();
    if (what < 0.005) return this.destroy();
    return what < 0.55 ? this.get(actor) : this.release(actor);
  }

  get(actor: Actor): string {
    const timeout = this.timeout();
    const id = this.call(actor, (options) => this.lock.get(options), timeout);
    const began = this.now;
    if (this.destroyed) this.expected[id] = "destroyed";
    else if (actor.removed) this.expected[id] = "cancelled";
    else if (
      this.owner === undefined || (this.reentrant && this.owner === actor)
    ) {
      this.owner = actor;
      this.count++;
      this.expected[id] = "got 0";
    } else if (timeout === 0) this.expected[id] = "timeout";
    else this.waiting.push({ id, actor, began, deadline: began + timeout });
    return `${actor.name}: get(${timeout}), call ${id}`;
  }

  release(actor: Actor): string {
    const error = thrown(() => actor.do(() => this.lock.release()));
    const expected = this.destroyed || this.owner !== actor;
    if (error !== expected) throw new Error(`release() threw: ${error}`);
    if (!expected) this.leave();
    return `${actor.name}: release()`;
  }

  leave(): void {
    if (--this.count > 0) return;
    this.owner = undefined;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.owner = next.actor;
    this.count = 1;
    this.fresh.push(next);
    this.expected[next.id] = `got ${this.now - next.began}`;
  }

  destroy(): string {
    if (this.destroyed) return "nothing";
    this.lock.destroy();
    this.destroyed = true;
    this.owner = undefined;
    for (const get of this.waiting) this.decide(get, "destroyed");
    this.waiting = [];
    return "destroy()";
  }

  protected removed(actor: Actor): void {
    for (const get of this.waiting) {
      if (get.actor === actor) this.expected[get.id] = "cancelled";
    }
    this.waiting = this.waiting.filter((get) => get.actor !== actor);
    for (const get of this.fresh) {
      if (get.actor !== actor) continue;
      this.expected[get.id] = "cancelled";
      if (this.owner === actor) this.leave();
    }
  }

  protected override ended(actor: Actor): void {
    if (this.owner !== actor) return;
    this.reports++;
    this.count = 1;
    this.leave();
  }

  protected override delivered(): void {
    this.fresh = [];
  }

  protected expire(): void {
    const late = this.waiting.filter((get) => get.deadline <= this.now);
    for (const get of late) this.expected[get.id] = "timeout";
    this.waiting = this.waiting.filter((get) => !late.includes(get));
  }

  protected aborted(id: number): void {
    if (!this.waiting.some((get) => get.id === id)) return;
    this.waiting = this.waiting.filter((get) => get.id !== id);
    this.expected[id] = "cancelled";
  }

  protected state(): string {
    return this.lock.toString();
  }

  protected expectedState(): string {
    if (this.destroyed) return "lock: destroyed";
    return this.owner === undefined
      ? "lock: free"
      : `lock: owned by ${this.owner.name}, ${this.waiting.length} waiting`;
  }
}

function thrown(fn: () => unknown): boolean {
  try {
    fn();
    return false;
  } catch {
    return true;
  }
}

Deno.test("a lock does what its model does, whatever threads do to it", async () => {
  await playAll(2000, 12, (seed) => new LockGame(seed));
});

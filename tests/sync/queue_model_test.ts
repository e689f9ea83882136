// The queue beside a model of it.

import type { Queue } from "../../mod.ts";
import { type Actor, type Call, Game, playAll } from "./model.ts";
import { repetitions } from "../fixtures/repetitions.ts";

interface Item {
  readonly number: number;
}

interface Push extends Call {
  readonly item: Item;
}

interface Pop extends Call {
  item?: Item;
}

interface Finish extends Call {
  readonly keeps: boolean;
}

type State = "open" | "stopping" | "drained" | "destroyed";

class QueueGame extends Game {
  readonly queue: Queue<number>;
  readonly maxsize: number;
  // The model.
  state_: State = "open";
  items: Item[] = [];
  pushes: Push[] = [];
  pops: Pop[] = [];
  finishes: Finish[] = [];
  /** Those who were given an item since the last step, but have not run yet. */
  fresh: Pop[] = [];
  /** All items that threads were given, in their order. */
  readonly taken: Item[] = [];
  #items = 0;

  constructor(seed: number) {
    super(seed);
    this.maxsize = this.random.pick([1, 2, 3, Infinity]);
    this.queue = this.copas.queue.new({ name: "queue", maxsize: this.maxsize });
  }

  get hasEnded(): boolean {
    return this.state_ === "drained" || this.state_ === "destroyed";
  }

  protected move(): string {
    const actor = this.random.pick(this.actors);
    const what = this.random.next();
    if (what < 0.003) return this.destroy();
    if (what < 0.02) return this.stop();
    if (what < 0.05) return this.finish(actor);
    return what < 0.5 ? this.push(actor) : this.pop(actor);
  }

  push(actor: Actor): string {
    const item = { number: ++this.#items };
    const timeout = this.timeout();
    const id = this.call(
      actor,
      (options) => this.queue.push(item.number, options),
      timeout,
    );
    if (actor.removed) this.expected[id] = "cancelled";
    else if (this.state_ !== "open") this.expected[id] = "destroyed";
    else if (this.items.length < this.maxsize) {
      this.expected[id] = "got true";
      this.items.push(item);
      this.match();
    } else if (timeout === 0) this.expected[id] = "timeout";
    else this.pushes.push({ id, actor, item, deadline: this.now + timeout });
    return `${actor.name}: push(${item.number}, ${timeout}), call ${id}`;
  }

  pop(actor: Actor): string {
    const timeout = this.timeout();
    const id = this.call(actor, (options) => this.queue.pop(options), timeout);
    if (actor.removed) this.expected[id] = "cancelled";
    else if (this.hasEnded) this.expected[id] = "destroyed";
    else if (this.items.length > 0) {
      const item = this.items.shift()!;
      this.taken.push(item);
      this.expected[id] = `got ${item.number}`;
      this.match();
    } else if (timeout === 0) this.expected[id] = "timeout";
    else this.pops.push({ id, actor, deadline: this.now + timeout });
    return `${actor.name}: pop(${timeout}), call ${id}`;
  }

  finish(actor: Actor): string {
    const timeout = this.random.pick([0, 1.25, 3.25, Infinity]);
    const keeps = this.random.chance(0.5);
    const id = this.call(
      actor,
      (options) => this.queue.finish(options, keeps),
      timeout,
    );
    if (actor.removed) this.expected[id] = "cancelled";
    else if (this.hasEnded) this.expected[id] = "destroyed";
    else {
      this.end();
      if (this.hasEnded) this.expected[id] = "got true";
      else if (timeout === 0) {
        this.expected[id] = "timeout";
        if (!keeps) this.giveUp();
      } else {
        this.finishes.push({ id, actor, keeps, deadline: this.now + timeout });
      }
    }
    return `${actor.name}: finish(${timeout}, ${keeps}), call ${id}`;
  }

  stop(): string {
    this.#check(() => this.queue.stop());
    if (!this.hasEnded) this.end();
    return "stop()";
  }

  destroy(): string {
    this.#check(() => this.queue.destroy());
    if (!this.hasEnded) this.giveUp();
    return "destroy()";
  }

  #check(call: () => unknown): void {
    let result = "done";
    try {
      call();
    } catch (error) {
      result = (error as { code: string }).code;
    }
    const expected = this.hasEnded ? "destroyed" : "done";
    if (result !== expected) throw new Error(`it was ${result}`);
  }

  end(): void {
    if (this.state_ !== "open") return;
    this.state_ = "stopping";
    for (const push of this.pushes) this.decide(push, "destroyed");
    this.pushes = [];
    this.match();
  }

  giveUp(): void {
    this.state_ = "destroyed";
    this.items = [];
    for (const call of [...this.pushes, ...this.pops, ...this.finishes]) {
      this.decide(call, "destroyed");
    }
    this.pushes = this.pops = this.finishes = [];
  }

  match(): void {
    for (;;) {
      if (this.pops.length > 0 && this.items.length > 0) {
        const pop = this.pops.shift()!;
        pop.item = this.items.shift()!;
        if (!this.taken.includes(pop.item)) this.taken.push(pop.item);
        this.expected[pop.id] = `got ${pop.item.number}`;
        this.fresh.push(pop);
      } else if (this.pushes.length > 0 && this.items.length < this.maxsize) {
        const push = this.pushes.shift()!;
        this.items.push(push.item);
        this.decide(push, "got true");
      } else break;
    }
    const isEmpty = this.items.length + this.fresh.length === 0;
    if (this.state_ !== "stopping" || !isEmpty) return;
    this.state_ = "drained";
    for (const pop of this.pops) this.decide(pop, "destroyed");
    for (const finish of this.finishes) this.decide(finish, "got true");
    this.pops = this.finishes = [];
  }

  /** An item that comes back was taken before all that are there, but for those that came back, too. */
  takeBack(item: Item): void {
    const behind = this.items.findIndex((other) =>
      !this.taken.includes(other) ||
      this.taken.indexOf(other) > this.taken.indexOf(item)
    );
    const at = behind < 0 ? this.items.length : behind;
    this.items.splice(at, 0, item);
    this.match();
  }

  leave(call: Call): void {
    this.pushes = this.pushes.filter((other) => other !== call);
    this.pops = this.pops.filter((other) => other !== call);
    this.finishes = this.finishes.filter((other) => other !== call);
  }

  get waiting(): Call[] {
    return [...this.pushes, ...this.pops, ...this.finishes];
  }

  protected removed(actor: Actor): void {
    // The oldest call first: its item may go to a younger one, which hands it on.
    const calls = [...this.fresh, ...this.waiting]
      .filter((call) => call.actor === actor)
      .sort((a, b) => a.id - b.id);
    for (const call of calls) {
      this.expected[call.id] = "cancelled";
      const pop = this.fresh.find((pop) => pop === call);
      this.fresh = this.fresh.filter((other) => other !== call);
      this.leave(call);
      if (pop !== undefined && !this.hasEnded) this.takeBack(pop.item!);
    }
  }

  protected override delivered(): void {
    this.fresh = [];
    if (!this.hasEnded) this.match();
  }

  // A finish that gives up ends the waits of others: not when they give up, too.
  protected override parts(seconds: number): number[] {
    return Array.from({ length: seconds }, () => [0.25, 0.75]).flat();
  }

  protected expire(): void {
    for (const call of this.waiting) {
      if (call.deadline > this.now || !this.waiting.includes(call)) continue;
      this.expected[call.id] = "timeout";
      const gaveUp = this.finishes.find((finish) => finish === call);
      this.leave(call);
      if (gaveUp?.keeps === false) this.giveUp();
    }
  }

  protected aborted(id: number): void {
    const call = this.waiting.find((call) => call.id === id);
    if (call === undefined) return;
    this.expected[id] = "cancelled";
    this.leave(call);
  }

  protected state(): string {
    return this.queue.toString();
  }

  protected expectedState(): string {
    if (this.hasEnded) return "queue: destroyed";
    const how = this.state_ === "stopping" ? "stopping, " : "";
    const waiting = this.pushes.length + this.pops.length;
    const { length } = this.items;
    const items = `${length} item${length === 1 ? "" : "s"}`;
    return `queue: ${how}${items}, 0 workers, ${waiting} waiting`;
  }
}

Deno.test("a queue does what its model does, whatever threads do to it", async () => {
  await playAll(repetitions(1500), 12, (seed) => new QueueGame(seed));
});

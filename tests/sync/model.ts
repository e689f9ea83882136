// Compares a tool with a model of it: random sequences of operations from many
// threads are done to both, and after each step both must be in the same state.
//
// COPAS_SEED=N runs only the sequence with that seed.

import { assertEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { type Copas, CopasError, type Task } from "../../mod.ts";
import { type Dispatch, dispatcher } from "./dispatcher.ts";
import { SeededRandom } from "../fixtures/seeded_random.ts";
import { turn } from "../fixtures/event_loop.ts";

/** The slice of time, in milliseconds, and the most calls until it is looked at. */
const SLICE = 2;
const MOST_CALLS = 300;

/** A thread that does what it is told, and may wait for several things at once. */
export class Actor {
  readonly task: Task;
  removed = false;
  #within: <T>(fn: () => T) => T = (fn) => fn();

  constructor(readonly copas: Copas, name: string) {
    this.task = copas.addnamedthread(name, async () => {
      this.#within = AsyncLocalStorage.snapshot();
      await copas.pauseforever();
    });
  }

  get name(): string {
    return this.task.name;
  }

  /** Calls `fn` as this thread. */
  do<T>(fn: () => T): T {
    return this.#within(fn);
  }

  remove(): void {
    this.removed = true;
    this.copas.removethread(this.task);
  }
}

/** A call that waits, in the model. */
export interface Call {
  readonly id: number;
  readonly actor: Actor;
  /** When it gives up. */
  readonly deadline: number;
}

/** How calls that wait came out, by their numbers: in truth, or in the model. */
export type Outcomes = Record<number, string>;

/** A game: the tool, its model, and the moves. */
export abstract class Game {
  readonly random: SeededRandom;
  readonly copas: Copas;
  readonly dispatch: Dispatch;
  readonly actors: Actor[];
  /** What came of the calls. */
  readonly real: Outcomes = {};
  /** What should have come of them. */
  readonly expected: Outcomes = {};
  /** How many errors should have been reported. */
  reports = 0;
  /** The moves so far. */
  readonly moves: string[] = [];
  readonly #signals = new Map<number, AbortController>();
  /** Fails at once, whatever it is asked for. */
  readonly #destroyed;
  /** A thread that is not removed: it uses up the slice of time. */
  readonly #busy: Actor;
  /** Whether the slice of time is over: until the event loop has had its turn, calls that need not wait do so all the same. */
  isSliceOver = false;
  /** Calls that came out since the last step: their threads have not run yet. */
  #decided: Call[] = [];
  #calls = 0;
  #actors = 0;

  constructor(seed: number, actors = 4) {
    this.random = new SeededRandom(seed);
    this.dispatch = dispatcher({ autojump: false });
    this.copas = this.dispatch.copas;
    this.#destroyed = this.copas.queue.new();
    this.#destroyed.destroy();
    this.#busy = new Actor(this.copas, "busy");
    this.actors = Array.from({ length: actors }, () => this.#newActor());
  }

  #newActor(): Actor {
    return new Actor(this.copas, `actor_${++this.#actors}`);
  }

  get now(): number {
    return this.dispatch.clock.now();
  }

  /** Does one random thing to the tool and to the model, and says what. */
  protected abstract move(): string;
  /** Removes an actor from the model: its calls that are pending, or have come out since the last step. */
  protected abstract removed(actor: Actor): void;
  /** The thread of an actor that was removed has ended. */
  protected ended(_actor: Actor): void {}
  /** All calls that came out have reached their threads. */
  protected delivered(): void {}
  /** Time has passed in the model. */
  protected abstract expire(): void;
  /** Ends a pending call of the model whose signal aborted. */
  protected abstract aborted(id: number): void;
  /** How the tool is. */
  protected abstract state(): string;
  /** How it should be. */
  protected abstract expectedState(): string;

  /** Makes a call of the tool that waits, as `actor`, and notes how it comes out. Returns its number. */
  protected call(
    actor: Actor,
    fn: (options: { timeout: number; signal: AbortSignal }) => Promise<unknown>,
    timeout: number,
  ): number {
    const id = ++this.#calls;
    const controller = new AbortController();
    this.#signals.set(id, controller);
    actor.do(() => fn({ timeout, signal: controller.signal })).then(
      (value) => this.real[id] = `got ${value}`,
      (error) =>
        this.real[id] = error instanceof CopasError
          ? error.code
          : `failed: ${error}`,
    );
    return id;
  }

  /** Notes how a call comes out that need not wait; after the slice it is one that waits. */
  protected immediate(call: Call, outcome: string): void {
    if (this.isSliceOver) this.decide(call, outcome);
    else this.expected[call.id] = outcome;
  }

  /** Whether the model knows that what was given after the slice can still be taken back. */
  protected get knowsSlices(): boolean {
    return false;
  }

  /** Notes how a call that waited comes out; if its thread is removed before the next step, it hears of that. */
  protected decide(call: Call, outcome: string): void {
    this.expected[call.id] = outcome;
    this.#decided.push(call);
  }

  /** A time to wait: often short, sometimes none, sometimes for ever. */
  protected timeout(): number {
    return this.random.pick([0, 1, 2, 3, 5, Infinity]);
  }

  /** In which parts some seconds pass: where things must not happen at once. */
  protected parts(seconds: number): number[] {
    return [seconds];
  }

  /** Plays `steps` steps of a few moves each. */
  async play(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      for (let moves = this.random.integer(1, 4); moves > 0; moves--) {
        this.moves.push(this.#move());
      }
      await this.#deliver();
      this.#compare();
      if (!this.random.chance(0.4)) continue;
      const seconds = this.random.integer(1, 3);
      for (const part of this.parts(seconds)) {
        this.moves.push(`${part} s pass`);
        await this.dispatch.clock.advance(part);
        this.expire();
        await this.copas.step(0);
        await this.#deliver();
        this.#compare();
      }
    }
    for (const actor of [...this.actors, this.#busy]) {
      this.copas.removethread(actor.task);
    }
    await this.#run();
  }

  /** A thread computes for so long that the slice of time is over. */
  #compute(): string {
    if (this.isSliceOver) return "nothing";
    this.#fail(MOST_CALLS);
    const until = performance.now() + SLICE;
    while (performance.now() <= until);
    // The clock is asked when the calls are used up.
    this.#fail(MOST_CALLS);
    this.isSliceOver = true;
    return "the slice is over";
  }

  #fail(calls: number): void {
    for (let i = 0; i < calls; i++) {
      this.#busy.do(() => this.#destroyed.pop()).catch(() => {});
    }
  }

  /** Makes some calls that fail at once. */
  #failingCalls(): string {
    const actor = this.random.pick(this.actors);
    const count = this.random.integer(1, 5);
    for (let i = 0; i < count; i++) {
      const id = this.call(actor, () => this.#destroyed.pop(), Infinity);
      if (actor.removed) this.expected[id] = "cancelled";
      else this.immediate({ id, actor, deadline: Infinity }, "destroyed");
    }
    return `${actor.name}: ${count} failing calls`;
  }

  /** Lets every thread run that can. */
  async #run(): Promise<void> {
    // The waits of this turn get their deadlines at its end.
    await turn();
    while (this.copas.status().active > 0) await this.copas.step(0);
    await turn();
  }

  #move(): string {
    const what = this.random.next();
    if (what < 0.08) {
      const actor = this.random.pick(this.actors);
      if (actor.removed) return "nothing";
      if (this.isSliceOver && !this.knowsSlices) return "nothing";
      actor.remove();
      this.removed(actor);
      for (const call of this.#decided) {
        if (call.actor === actor) this.expected[call.id] = "cancelled";
      }
      return `remove ${actor.name}`;
    }
    if (what < 0.16 && this.#calls > 0) {
      const id = this.random.integer(1, this.#calls);
      this.#signals.get(id)!.abort();
      this.aborted(id);
      return `abort call ${id}`;
    }
    if (what < 0.19) return this.#failingCalls();
    return what < 0.193 ? this.#compute() : this.move();
  }

  async #deliver(): Promise<void> {
    this.isSliceOver = false;
    this.delivered();
    this.actors.forEach((actor, i) => {
      if (!actor.removed) return;
      this.ended(actor);
      this.actors[i] = this.#newActor();
    });
    this.delivered();
    this.#decided = [];
    await this.#run();
  }

  #compare(): void {
    const last = this.moves.at(-1);
    assertEquals(this.real, this.expected, `outcomes after: ${last}`);
    assertEquals(this.state(), this.expectedState(), `state after: ${last}`);
    assertEquals(
      this.dispatch.reports.length,
      this.reports,
      `reports after: ${last}`,
    );
  }
}

/** Plays many games, each with a seed of its own. */
export async function playAll(
  games: number,
  steps: number,
  newGame: (seed: number) => Game,
): Promise<void> {
  const only = Deno.env.get("COPAS_SEED");
  const seeds = only === undefined
    ? Array.from({ length: games }, (_, i) => i + 1)
    : [Number(only)];
  for (const seed of seeds) {
    const game = newGame(seed);
    try {
      await game.play(steps);
    } catch (error) {
      throw new Error(
        `seed ${seed} (run it alone with COPAS_SEED=${seed}):\n${
          game.moves.join("\n")
        }`,
        { cause: error },
      );
    }
  }
}

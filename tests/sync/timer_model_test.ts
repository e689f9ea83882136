// The timer beside a model of it.

import type { Timer } from "../../mod.ts";
import { Game, playAll } from "./model.ts";
import { repetitions } from "../fixtures/repetitions.ts";

/** The thread of a timer, in the model. */
interface Run {
  due: number;
  /** While the callback waits. */
  call?: { began: number; until: number };
}

/** What the callback does first. */
type Action = "nothing" | "cancel" | "arm";

class TimerGame extends Game {
  readonly timer: Timer;
  readonly ticks: number[] = [];
  /** What each call of the callback does, the real one and the one of the model. */
  readonly #plans: { action: Action; delay: number; work: number }[] = [];
  // The model.
  readonly delay: number;
  readonly recurring: boolean;
  readonly expectedTicks: number[] = [];
  runs: Run[] = [];
  armed?: Run;
  cancelled = false;

  constructor(seed: number) {
    super(seed, 1);
    this.delay = this.random.integer(1, 3);
    this.recurring = this.random.chance(0.7);
    const initialdelay = this.random.integer(0, 3);
    this.timer = this.copas.timer.new({
      name: "timer",
      delay: this.delay,
      recurring: this.recurring,
      initialdelay,
      callback: (timer) => this.#callback(timer),
    });
    this.start(initialdelay);
  }

  #plan(call: number): { action: Action; delay: number; work: number } {
    return this.#plans[call] ??= {
      action: this.random.pick(["nothing", "nothing", "cancel", "arm"]),
      delay: this.random.integer(1, 3),
      work: this.random.pick([0, 0, 1, 2]),
    };
  }

  async #callback(timer: Timer): Promise<void> {
    const { action, delay, work } = this.#plan(this.ticks.length);
    this.ticks.push(this.now);
    if (action !== "nothing" && timer.armed) timer.cancel();
    if (action === "arm") timer.arm(delay);
    if (work > 0) await this.copas.pause(work);
  }

  start(delay: number): void {
    this.armed = { due: this.now + delay };
    this.runs.push(this.armed);
    this.cancelled = false;
  }

  fire(run: Run): void {
    if (!this.recurring) this.armed = undefined;
    const { action, delay, work } = this.#plan(this.expectedTicks.length);
    this.expectedTicks.push(this.now);
    if (action !== "nothing" && this.armed !== undefined) {
      this.armed = undefined;
      this.cancelled = true;
    }
    if (action === "arm") this.start(delay);
    run.call = { began: this.now, until: this.now + work };
    if (work === 0) this.callEnded(run);
  }

  callEnded(run: Run): void {
    const took = this.now - run.call!.began;
    run.call = undefined;
    if (this.armed === run) {
      run.due = Math.max(this.now, run.due + took + this.delay);
    } else this.runs = this.runs.filter((other) => other !== run);
  }

  protected override delivered(): void {
    for (;;) {
      const run = this.runs.find(({ due, call }) =>
        (call?.until ?? due) <= this.now
      );
      if (run === undefined) break;
      if (run.call === undefined) this.fire(run);
      else this.callEnded(run);
    }
  }

  protected move(): string {
    const what = this.random.next();
    if (what < 0.5) return "nothing";
    if (what < 0.75) {
      const delay = this.random.integer(0, 3);
      this.check(() => this.timer.arm(delay), this.armed === undefined);
      if (this.armed === undefined) this.start(delay);
      return `arm(${delay})`;
    }
    const cancelled = this.timer.cancel() !== false;
    if (cancelled !== (this.armed !== undefined)) {
      throw new Error(`it was cancelled: ${cancelled}`);
    }
    if (this.armed !== undefined) {
      this.runs = this.runs.filter((run) => run !== this.armed);
      this.armed = undefined;
      this.cancelled = true;
    }
    return "cancel()";
  }

  check(call: () => unknown, works: boolean): void {
    let worked = true;
    try {
      call();
    } catch {
      worked = false;
    }
    if (worked !== works) throw new Error(`it worked: ${worked}`);
  }

  protected removed(): void {}
  protected aborted(): void {}
  protected expire(): void {}

  protected state(): string {
    return `${this.timer}, ${this.ticks}`;
  }

  protected expectedState(): string {
    const how = this.armed !== undefined
      ? "armed"
      : this.cancelled
      ? "cancelled"
      : "expired";
    return `timer: ${how}, ${this.expectedTicks}`;
  }
}

Deno.test("a timer does what its model does, whatever is done to it", async () => {
  await playAll(repetitions(2000), 12, (seed) => new TimerGame(seed));
});

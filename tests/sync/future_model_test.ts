// The future beside a model of it.

import type { Future } from "../../mod.ts";
import { type Actor, type Call, Game, playAll } from "./model.ts";

/** A future whose thread ends when it is told to. */
interface Job {
  readonly name: string;
  readonly future: Future<string>;
  /** Who made it; nobody is the code outside every thread. */
  readonly creator?: Actor;
  /** What the thread will do when it goes on. */
  plan?: "return" | "throw";
  // The model.
  removed: boolean;
  /** What it came to: `got …`, `failed: …`, `cancelled`. */
  outcome?: string;
  line: Call[];
  /** Since when nobody has asked for the error. */
  unasked?: number;
}

/** How long an error can wait to be asked for. */
const PATIENCE = 10;

class FutureGame extends Game {
  readonly jobs: Job[] = [];
  #count = 0;

  constructor(seed: number) {
    super(seed);
    for (let i = 0; i < 3; i++) this.jobs.push(this.newJob());
  }

  newJob(): Job {
    const creator = this.random.pick([undefined, ...this.actors]);
    const name = `job_${++this.#count}`;
    const start = () =>
      this.copas.future.addnamedthread(name, async () => {
        await this.copas.pauseforever();
        if (job.plan === "throw") throw new Error(`${name} failed`);
        return name;
      });
    const job: Job = {
      name,
      creator,
      future: creator === undefined ? start() : creator.do(start),
      removed: false,
      line: [],
    };
    return job;
  }

  protected move(): string {
    const actor = this.random.pick(this.actors);
    const at = this.random.integer(0, this.jobs.length - 1);
    const job = this.jobs[at];
    const what = this.random.next();
    if (what < 0.5) return this.get(actor, job);
    if (what < 0.6) return this.ask(job);
    if (what < 0.8) return this.goOn(job);
    if (what < 0.87) return this.cancel(job);
    if (what < 0.92) return this.remove(job);
    // One that nobody keeps may still report its error.
    if (job.outcome === undefined) return "nothing";
    this.jobs.push(this.newJob());
    return `${this.jobs.at(-1)!.name} is made`;
  }

  get(actor: Actor, job: Job): string {
    const timeout = this.timeout();
    const id = this.call(actor, (options) => job.future.get(options), timeout);
    if (actor.removed) this.expected[id] = "cancelled";
    else if (job.outcome !== undefined) {
      this.expected[id] = job.outcome;
      job.unasked = undefined;
    } else if (timeout === 0) this.expected[id] = "timeout";
    else job.line.push({ id, actor, deadline: this.now + timeout });
    return `${actor.name}: get(${timeout}) of ${job.name}, call ${id}`;
  }

  ask(job: Job): string {
    const { PENDING, SUCCESS } = this.copas.future;
    const [status, value] = job.future.try();
    const result = status === PENDING
      ? undefined
      : status === SUCCESS
      ? `got ${value}`
      : (value as { code?: string }).code ?? `failed: ${value}`;
    if (result !== job.outcome) throw new Error(`try(): ${result}`);
    job.unasked = undefined;
    return `try() of ${job.name}`;
  }

  goOn(job: Job): string {
    if (job.plan !== undefined) return "nothing";
    job.plan = this.random.pick(["return", "throw"]);
    this.copas.wakeup(job.future.task);
    return `${job.name}: ${job.plan}`;
  }

  cancel(job: Job): string {
    const pending = job.outcome === undefined;
    const result = job.future.cancel();
    if (result !== pending) throw new Error(`cancel(): ${result}`);
    if (pending) this.settle(job, "cancelled");
    return `cancel() of ${job.name}`;
  }

  remove(job: Job): string {
    this.copas.removethread(job.future.task);
    job.removed = true;
    return `remove ${job.name}`;
  }

  settle(job: Job, outcome: string): void {
    job.outcome = outcome;
    for (const call of job.line) this.decide(call, outcome);
    const isAsked = job.line.length > 0;
    job.line = [];
    if (!outcome.startsWith("failed") || isAsked) return;
    if (job.creator === undefined || job.creator.removed) this.reports++;
    else job.unasked = this.now;
  }

  /** The threads of the jobs go on. */
  protected override settled(): void {
    for (const job of this.jobs) {
      if (job.outcome !== undefined) continue;
      if (job.removed) this.settle(job, "cancelled");
      else if (job.plan === "return") this.settle(job, `got ${job.name}`);
      else if (job.plan === "throw") {
        this.settle(job, `failed: Error: ${job.name} failed`);
      }
    }
  }

  protected removed(actor: Actor): void {
    for (const job of this.jobs) {
      for (const call of job.line) {
        if (call.actor === actor) this.expected[call.id] = "cancelled";
      }
      job.line = job.line.filter((call) => call.actor !== actor);
    }
  }

  protected override ended(actor: Actor): void {
    this.report((job) => job.creator === actor);
  }

  report(which: (job: Job) => boolean): void {
    for (const job of this.jobs) {
      if (job.unasked === undefined || !which(job)) continue;
      job.unasked = undefined;
      this.reports++;
    }
  }

  protected expire(): void {
    for (const job of this.jobs) {
      const late = job.line.filter((call) => call.deadline <= this.now);
      for (const call of late) this.expected[call.id] = "timeout";
      job.line = job.line.filter((call) => !late.includes(call));
    }
    this.report((job) => job.unasked! + PATIENCE <= this.now);
  }

  protected aborted(id: number): void {
    for (const job of this.jobs) {
      if (!job.line.some((call) => call.id === id)) continue;
      this.expected[id] = "cancelled";
      job.line = job.line.filter((call) => call.id !== id);
    }
  }

  protected state(): string {
    return this.jobs.map((job) => String(job.future)).join("; ");
  }

  protected expectedState(): string {
    return this.jobs.map(({ name, outcome, line }) => {
      const how = outcome === undefined
        ? `pending, ${line.length} waiting`
        : outcome.startsWith("got")
        ? "has a result"
        : "failed";
      return `future of ${name}: ${how}`;
    }).join("; ");
  }
}

Deno.test("a future does what its model does, whatever threads do to it", async () => {
  await playAll(1500, 12, (seed) => new FutureGame(seed));
});

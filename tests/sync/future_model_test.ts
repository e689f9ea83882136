// The future beside a model of it.

import type { Future } from "../../mod.ts";
import { type Actor, type Call, Game, playAll } from "./model.ts";
import { repetitions } from "../fixtures/repetitions.ts";

/** A future whose thread ends when it is told to. */
interface Job {
  readonly name: string;
  readonly future: Future<string>;
  /** The thread that made it; `undefined` is the code outside every thread. */
  readonly creator?: Actor;
  /** What the thread will do when it goes on. */
  plan?: "return" | "throw";
  // The model.
  removed: boolean;
  /** What it came to: `got …`, `failed: …`, `cancelled`. */
  outcome?: string;
  waiting: Call[];
  /** Since when the error has not been asked for. */
  unobserved?: number;
}

/** How long an error can wait to be asked for. */
const REPORT_DELAY = 10;

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
      waiting: [],
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
    // A future that the test does not keep may still report its error.
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
      job.unobserved = undefined;
    } else if (timeout === 0) this.expected[id] = "timeout";
    else job.waiting.push({ id, actor, deadline: this.now + timeout });
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
    job.unobserved = undefined;
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
    if (pending) this.end(job, "cancelled");
    return `cancel() of ${job.name}`;
  }

  remove(job: Job): string {
    this.copas.removethread(job.future.task);
    job.removed = true;
    return `remove ${job.name}`;
  }

  end(job: Job, outcome: string): void {
    job.outcome = outcome;
    for (const call of job.waiting) this.decide(call, outcome);
    const isObserved = job.waiting.length > 0;
    job.waiting = [];
    if (!outcome.startsWith("failed") || isObserved) return;
    if (job.creator === undefined || job.creator.removed) this.reports++;
    else job.unobserved = this.now;
  }

  /** The threads of the jobs go on. */
  protected override delivered(): void {
    for (const job of this.jobs) {
      if (job.outcome !== undefined) continue;
      if (job.removed) this.end(job, "cancelled");
      else if (job.plan === "return") this.end(job, `got ${job.name}`);
      else if (job.plan === "throw") {
        this.end(job, `failed: Error: ${job.name} failed`);
      }
    }
  }

  protected removed(actor: Actor): void {
    for (const job of this.jobs) {
      for (const call of job.waiting) {
        if (call.actor === actor) this.expected[call.id] = "cancelled";
      }
      job.waiting = job.waiting.filter((call) => call.actor !== actor);
    }
  }

  protected override ended(actor: Actor): void {
    this.report((job) => job.creator === actor);
  }

  report(which: (job: Job) => boolean): void {
    for (const job of this.jobs) {
      if (job.unobserved === undefined || !which(job)) continue;
      job.unobserved = undefined;
      this.reports++;
    }
  }

  protected expire(): void {
    for (const job of this.jobs) {
      const late = job.waiting.filter((call) => call.deadline <= this.now);
      for (const call of late) this.expected[call.id] = "timeout";
      job.waiting = job.waiting.filter((call) => !late.includes(call));
    }
    this.report((job) => job.unobserved! + REPORT_DELAY <= this.now);
  }

  protected aborted(id: number): void {
    for (const job of this.jobs) {
      if (!job.waiting.some((call) => call.id === id)) continue;
      this.expected[id] = "cancelled";
      job.waiting = job.waiting.filter((call) => call.id !== id);
    }
  }

  protected state(): string {
    return this.jobs.map((job) => String(job.future)).join("; ");
  }

  protected expectedState(): string {
    return this.jobs.map(({ name, outcome, waiting }) => {
      const how = outcome === undefined
        ? `pending, ${waiting.length} waiting`
        : outcome.startsWith("got")
        ? "has a result"
        : "failed";
      return `future of ${name}: ${how}`;
    }).join("; ");
  }
}

Deno.test("a future does what its model does, whatever threads do to it", async () => {
  await playAll(repetitions(1500), 12, (seed) => new FutureGame(seed));
});

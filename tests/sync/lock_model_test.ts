// The lock beside a model of it.

import { AsyncLocalStorage } from "node:async_hooks";
import type { Held, Lock } from "../../mod.ts";
import { type Actor, type Call, Game, playAll } from "./model.ts";
import { repetitions } from "../fixtures/repetitions.ts";

/** A call of the model that waits for the lock, or has it. */
interface Applicant extends Call {
  readonly kind: "get" | "with" | "hold";
  readonly began: number;
}

/** What has the lock by calls of `with`, or by a token. */
interface Claim {
  uses: number;
}

/** A `with` whose callback runs. */
interface Running {
  readonly call: Applicant;
  readonly claim: Claim;
}

class LockGame extends Game {
  readonly lock: Lock;
  readonly reentrant: boolean;
  readonly tokens = new Map<number, Held>();
  /** How the callbacks of `with` end, and how they are entered. */
  readonly gates = new Map<number, PromiseWithResolvers<void>>();
  readonly contexts = new Map<number, <T>(fn: () => T) => T>();
  // The model.
  owner?: Actor;
  /** How often the owner has got it. */
  count = 0;
  claim?: Claim;
  waiting: Applicant[] = [];
  /** Those that were given the lock since the last step, but have not run yet. */
  fresh: Applicant[] = [];
  granted?: Applicant;
  /** The callbacks that run, and the tokens that were given. */
  running = new Map<number, Running>();
  held = new Map<number, Running>();
  /** The callbacks that end in this step. */
  ending: number[] = [];
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
    if (what < 0.3) return this.apply("get", actor);
    if (what < 0.5) return this.release(actor);
    if (what < 0.6) return this.apply("with", actor);
    if (what < 0.7) return this.apply("hold", actor);
    if (what < 0.85) return this.endCallback();
    return what < 0.92 ? this.releaseToken() : this.applyWithin();
  }

  /** A call of a thread, or within the callback of the call `within`. */
  apply(kind: Applicant["kind"], actor: Actor, within?: number): string {
    const timeout = this.timeout();
    const enter = within === undefined ? undefined : this.contexts.get(within);
    const gate = Promise.withResolvers<void>();
    const id: number = this.call(actor, (options) => {
      const call = () => this.really(kind, () => id, gate.promise, options);
      return enter === undefined ? call() : enter(call);
    }, timeout);
    this.gates.set(id, gate);
    const began = this.now;
    const call = { kind, id, actor, began, deadline: began + timeout };
    if (actor.removed) this.expected[id] = "cancelled";
    else if (this.destroyed) this.expected[id] = "destroyed";
    else if (this.owner === undefined || this.admits(call, within)) {
      this.give(call);
    } else if (timeout === 0) this.expected[id] = "timeout";
    else this.waiting.push(call);
    const place = within === undefined ? "" : ` within call ${within}`;
    return `${actor.name}: ${kind}(${timeout})${place}, call ${id}`;
  }

  really(
    kind: Applicant["kind"],
    id: () => number,
    gate: Promise<void>,
    options: { timeout: number; signal: AbortSignal },
  ): Promise<unknown> {
    if (kind === "get") return this.lock.get(options);
    if (kind === "with") {
      return this.lock.with(() => {
        this.contexts.set(id(), AsyncLocalStorage.snapshot());
        return gate;
      }, options);
    }
    return this.lock.hold(options).then((held) => {
      this.tokens.set(id(), held);
      return "a token";
    });
  }

  admits({ kind, actor }: Applicant, within?: number): boolean {
    if (!this.reentrant || kind === "hold") return false;
    const isWithin = within !== undefined && this.claim !== undefined &&
      this.running.get(within)?.claim === this.claim;
    return isWithin || (this.count > 0 && this.owner === actor);
  }

  give(call: Applicant): void {
    const { kind, id, actor, began } = call;
    this.owner ??= actor;
    if (kind === "get") {
      this.count++;
      this.expected[id] = `got ${this.now - began}`;
      return;
    }
    const claim = this.claim ??= { uses: 0 };
    claim.uses++;
    if (kind === "with") this.running.set(id, { call, claim });
    else {
      this.held.set(id, { call, claim });
      this.expected[id] = "got a token";
    }
  }

  release(actor: Actor): string {
    const error = thrown(() => actor.do(() => this.lock.release()));
    const expected = this.destroyed || this.owner !== actor || this.count === 0;
    if (error !== expected) throw new Error(`release() threw: ${error}`);
    if (!expected) this.count--;
    this.freeIfUnused();
    return `${actor.name}: release()`;
  }

  releaseToken(): string {
    const [id, held] = this.random.pick([...this.tokens, [0, undefined]]);
    if (held === undefined) return "nothing";
    // Once more, any number of times: it does nothing.
    held.release();
    const given = this.held.get(id as number);
    if (given !== undefined) this.leave(given.claim);
    this.held.delete(id as number);
    return `release the token of call ${id}`;
  }

  endCallback(): string {
    const id = this.random.pick([...this.running.keys(), 0]);
    if (id === 0 || !this.contexts.has(id)) return "nothing";
    if (this.ending.includes(id)) return "nothing";
    this.ending.push(id);
    const fails = this.random.chance(0.2);
    if (fails) this.gates.get(id)!.reject(new Error("on purpose"));
    else this.gates.get(id)!.resolve();
    this.expected[id] = fails ? "failed: Error: on purpose" : "got undefined";
    return `the callback of call ${id} ends`;
  }

  applyWithin(): string {
    const id = this.random.pick([...this.contexts.keys(), 0]);
    // What runs of a thread that has ended would be that of another caller.
    const actor = this.actorOf.get(id);
    if (actor === undefined || actor.removed) return "nothing";
    return this.apply(this.random.pick(["get", "with", "hold"]), actor, id);
  }

  get actorOf(): Map<number, Actor> {
    return new Map(
      [...this.running].map(([id, { call }]) => [id, call.actor]),
    );
  }

  leave(claim: Claim): void {
    if (--claim.uses > 0 || claim !== this.claim) return;
    this.claim = undefined;
    this.freeIfUnused();
  }

  freeIfUnused(): void {
    if (this.count > 0 || this.claim !== undefined) return;
    this.owner = this.granted = undefined;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.give(next);
    this.granted = next;
    this.fresh.push(next);
  }

  destroy(): string {
    if (this.destroyed) return "nothing";
    this.lock.destroy();
    this.destroyed = true;
    this.owner = this.claim = undefined;
    this.count = 0;
    if (this.granted !== undefined) this.waiting.unshift(this.granted);
    for (const call of this.waiting) {
      this.running.delete(call.id);
      this.held.delete(call.id);
      this.decide(call, "destroyed");
    }
    this.waiting = [];
    return "destroy()";
  }

  protected removed(actor: Actor): void {
    for (const call of this.waiting) {
      if (call.actor === actor) this.expected[call.id] = "cancelled";
    }
    this.waiting = this.waiting.filter((call) => call.actor !== actor);
    for (const call of this.fresh) {
      if (call.actor === actor) this.revoke(call);
    }
  }

  /** The thread of a call that was given the lock was removed before it ran. */
  revoke(call: Applicant): void {
    const { kind, id, actor } = call;
    if (this.expected[id] === "destroyed") return;
    this.expected[id] = "cancelled";
    if (kind === "get") {
      if (this.owner !== actor || this.count === 0) return;
      this.count--;
      return this.freeIfUnused();
    }
    const given = (kind === "with" ? this.running : this.held).get(id);
    this.running.delete(id);
    this.held.delete(id);
    if (given !== undefined) this.leave(given.claim);
  }

  protected override ended(actor: Actor): void {
    if (this.owner !== actor || this.count === 0) return;
    this.reports++;
    this.count = 0;
    this.freeIfUnused();
  }

  protected override delivered(): void {
    this.fresh = [];
    this.granted = undefined;
    for (const id of this.ending) {
      const { claim } = this.running.get(id)!;
      this.running.delete(id);
      this.leave(claim);
    }
    this.ending = [];
  }

  protected expire(): void {
    const late = this.waiting.filter((call) => call.deadline <= this.now);
    for (const call of late) this.expected[call.id] = "timeout";
    this.waiting = this.waiting.filter((call) => !late.includes(call));
  }

  protected aborted(id: number): void {
    if (!this.waiting.some((call) => call.id === id)) return;
    this.waiting = this.waiting.filter((call) => call.id !== id);
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
  await playAll(repetitions(2000), 16, (seed) => new LockGame(seed));
});

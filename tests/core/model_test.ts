// Threads that sleep, wait, receive, are woken, aborted and removed at random,
// against a model of what each of them has to see, and when.

import { assert, assertEquals } from "@std/assert";
import {
  CancelledError,
  DestroyedError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { Copas } from "../../src/copas/copas.ts";
import type { Task } from "../../src/core/task.ts";
import type { Queue } from "../../src/sync/queue.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { randomly, type SeededRandom } from "../fixtures/seeded_random.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";

/** How a call has to end, and when. */
interface End {
  at: number;
  kind:
    | "time"
    | "woken"
    | "aborted"
    | "removed"
    | "timeout"
    | "line"
    | "failed";
  value?: string;
}

/** Computes for longer than the slice of time, in which the event loop has no turn. */
function compute(): void {
  const until = performance.now() + 2.2;
  while (performance.now() < until);
}

/** A thread in the model. */
class Actor {
  task!: Task;
  /** What it does, until when, and how that ends by itself. */
  call: "pause" | "forever" | "wait" | "receive" | "failing" | "none" = "none";
  began = 0;
  end?: End;
  abort = new AbortController();
  removed = false;
  done = false;

  constructor(readonly world: World, readonly random: SeededRandom) {}

  async run(): Promise<void> {
    for (let i = 0; i < 8 && !this.removed; i++) await this.step();
    this.done = true;
  }

  async step(): Promise<void> {
    const { world, random } = this;
    const { copas, clock } = world;
    if (random.below(12) === 0) compute();
    if (random.below(4) === 0) await this.fail();
    if (this.removed) return;
    this.abort = new AbortController();
    const { signal } = this.abort;
    const seconds = 1 + random.below(6);
    this.began = clock.now();
    const at = this.began + seconds;
    let call: () => Promise<unknown>;
    switch (random.below(5)) {
      case 0:
      case 1:
        this.call = "pause";
        this.end = { at, kind: "time" };
        call = () => copas.pause(seconds, { signal });
        break;
      case 2:
        this.call = "forever";
        this.end = undefined;
        call = () => copas.pauseforever({ signal });
        break;
      case 3:
        this.call = "wait";
        this.end = { at, kind: "timeout" };
        call = () =>
          copas.wait(new Promise(() => {}), { timeout: seconds, signal });
        break;
      default:
        this.call = "receive";
        this.end = { at, kind: "timeout" };
        call = () => world.skt.receive("*l", { timeout: seconds, signal });
        world.readers.push(this);
        // Everything of the turn in which it begins takes no time.
        world.serve();
    }
    const outcome = await call().catch((error) => error);
    this.check(outcome);
    this.call = "none";
    world.readers = world.readers.filter((reader) => reader !== this);
  }

  /** Makes calls that fail at once, whatever happens meanwhile: they take no time of the clock. */
  async fail(): Promise<void> {
    this.began = this.world.clock.now();
    this.call = "failing";
    for (let i = this.random.below(300); i >= 0 && !this.removed; i--) {
      this.end = { at: this.began, kind: "failed" };
      this.check(await this.world.destroyed.pop().catch((error) => error));
    }
    this.call = "none";
  }

  check(outcome: unknown): void {
    const { end, began } = this;
    assert(
      end !== undefined,
      `${this.call} ended, and no action of the model ended it`,
    );
    const now = this.world.clock.now();
    assertEquals(now, end.at, `${this.call} ended by ${end.kind}`);
    switch (end.kind) {
      case "time":
      case "woken":
        return assertEquals(outcome, now - began);
      case "line":
        return assertEquals(outcome, end.value);
      case "failed":
        return assert(outcome instanceof DestroyedError, `${outcome}`);
      case "timeout":
        return assert(outcome instanceof TimeoutError, `${outcome}`);
      default:
        // It may have failed already when the thread was removed.
        if (this.call === "failing" && outcome instanceof DestroyedError) {
          return;
        }
        assert(outcome instanceof CancelledError, `${outcome}`);
        assertEquals(outcome.message.includes("removed"), this.removed);
    }
  }

  /** Notes that an action ends the call now, if it is one that lasts. */
  ends(kind: End["kind"]): void {
    if (this.call === "none") return;
    // A thread that was woken and has not run yet can still be removed, and nothing else.
    if (this.isOver && (kind !== "removed" || this.end!.kind === "line")) {
      return;
    }
    this.end = { at: this.world.clock.now(), kind };
    this.world.readers = this.world.readers.filter((reader) => reader !== this);
  }

  /** Whether something has ended the call already. */
  get isOver(): boolean {
    return this.end !== undefined && this.end.kind !== "time" &&
      this.end.kind !== "timeout";
  }
}

class World {
  readonly copas: Copas;
  readonly clock: VirtualClock;
  readonly skt;
  /** A queue whose calls fail at once. */
  readonly destroyed: Queue<never>;
  readonly #conn = new ScriptedConn();
  readers: Actor[] = [];
  /** The lines that no thread has received yet. */
  lines: string[] = [];
  #sent = 0;

  constructor(readonly random: SeededRandom) {
    this.clock = new VirtualClock({ quiet: 0 });
    this.copas = new Copas({ clock: this.clock });
    this.destroyed = this.copas.queue.new();
    this.destroyed.destroy();
    this.skt = this.copas.wrap(this.#conn.conn);
  }

  feed(): void {
    const line = `line ${++this.#sent}`;
    this.lines.push(line);
    this.#conn.feed(`${line}\n`);
  }

  /** The readers get the lines, each in its order. */
  serve(): void {
    while (this.lines.length > 0 && this.readers.length > 0) {
      const reader = this.readers.shift()!;
      const value = this.lines.shift();
      reader.end = { at: this.clock.now(), kind: "line", value };
    }
  }

  /** Does an action to a thread. */
  meddle(actors: Actor[]): void {
    const actor = this.random.pick(actors);
    switch (this.random.below(5)) {
      case 0:
      case 1:
        if (["pause", "forever"].includes(actor.call)) actor.ends("woken");
        this.copas.wakeup(actor.task);
        break;
      case 2:
        actor.ends("aborted");
        actor.abort.abort();
        break;
      case 3:
        this.feed();
        break;
      default:
        if (this.random.below(4) > 0) return;
        actor.removed ||= !actor.done;
        actor.ends("removed");
        this.copas.removethread(actor.task);
    }
  }
}

const seeds = [
  ...Array.from({ length: 20 }, (_, i) => i),
  ...crypto.getRandomValues(new Uint32Array(5)),
];

Deno.test("every wait ends when it has to, as it has to, whatever happens to the threads", () =>
  randomly(async (random) => {
    const world = new World(random);
    const { copas } = world;
    const errors: unknown[] = [];
    copas.seterrorhandler((error) => errors.push(error), true);
    const actors = Array.from({ length: 12 }, () => new Actor(world, random));
    for (const actor of actors) {
      actor.task = copas.addthread(() => actor.run());
    }
    copas.addthread(async () => {
      // No two of its times are whole seconds apart: nothing else ends just then.
      const time = (i: number) => i + (i * 0.6180339887) % 1;
      for (
        let i = 0;
        errors.length === 0 && actors.some(({ done }) => !done);
        i++
      ) {
        const times = i < 60 ? random.below(4) : 0;
        for (let j = 0; j < times; j++) world.meddle(actors);
        world.serve();
        // In the end, no thread is left asleep.
        if (i >= 60) {
          for (const actor of actors) {
            if (actor.call !== "forever") continue;
            actor.ends("woken");
            copas.wakeup(actor.task);
          }
        }
        await copas.pause(time(i + 1) - time(i));
      }
      if (errors.length > 0) copas.cancelall();
    });
    await copas.loop();
    if (errors.length > 0) throw errors[0];
    assert(actors.every(({ done }) => done));
    const { threads, timer, inactive, read, outside } = copas.status();
    assertEquals([threads, timer, inactive, read, outside], [0, 0, 0, 0, 0]);
    await world.skt.close();
  }, seeds));

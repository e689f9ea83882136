/**
 * What a load generator tells: how much was done in the measured time, and what
 * it cost the server.
 *
 * @module
 */

import { processorTime } from "../system/processor_time.ts";
import type { Latencies } from "./latencies.ts";

/** One measurement. */
export interface Measured {
  /** Messages that were answered. */
  messages: number;
  /** How long it took. */
  seconds: number;
  /** Processor time of the server, in seconds. */
  processor: number;
  /** Processor time of the load generator, in seconds: near `seconds`, it is what limits the rate. */
  load: number;
  /** Latencies in microseconds, where they are measured. */
  p50?: number;
  p99?: number;
}

/** What every load generator is told. */
export interface LoadOptions {
  /** The server's process. */
  pid: number;
  /** How long it measures, in seconds. */
  seconds: number;
  /** How long it runs before that, in seconds. */
  warmUp: number;
}

/** The time in which is measured: from the end of the warm-up on. */
export class Window {
  /** Whether it has begun. */
  open = false;
  /** When the next change comes: its begin, then its end; of `performance.now()`. */
  until: number;
  /** Messages so far. */
  messages = 0;
  readonly #options: LoadOptions;
  #begin = 0;
  #server = 0;
  #own = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.until = performance.now() + options.warmUp * 1000;
  }

  /** The warm-up is over. */
  begin(): void {
    this.open = true;
    this.messages = 0;
    this.#server = processorTime(this.#options.pid);
    this.#own = processorTime(Deno.pid);
    this.#begin = performance.now();
    this.until = this.#begin + this.#options.seconds * 1000;
  }

  /** The measured time is over. */
  end(latencies?: Latencies): Measured {
    const seconds = (performance.now() - this.#begin) / 1000;
    return {
      messages: this.messages,
      seconds,
      processor: processorTime(this.#options.pid) - this.#server,
      load: processorTime(Deno.pid) - this.#own,
      p50: latencies?.percentile(0.5),
      p99: latencies?.percentile(0.99),
    };
  }
}

/** Runs a load generator: its options are the JSON in its first argument, what it measured goes to the output. */
export async function runLoad<O, M>(
  load: (options: O) => M | Promise<M>,
): Promise<void> {
  console.log(JSON.stringify(await load(JSON.parse(Deno.args[0]))));
}

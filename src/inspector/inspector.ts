/**
 * The inspector's server: which request gets what.
 *
 * @module
 */

import type { Copas } from "../copas/copas.ts";
import type { Context } from "../copas/context.ts";
import { outsideThreads } from "../core/current_thread.ts";
import { prometheus } from "../telemetry/prometheus.ts";
import { carryOut, readOrder, type Subjects } from "./actions.ts";
import { eventOf, EventStreams } from "./event_stream.ts";
import { Gate, type Session } from "./gate.ts";
import { Identities } from "./identities.ts";
import type { InspectorSettings } from "./options.ts";
import { Overviews, stateOf } from "./overview.ts";
import { pageFiles } from "./page_files.ts";
import { readPart } from "./part_query.ts";
import { RecentErrors } from "./recent_errors.ts";
import { readJson } from "./request_body.ts";
import { answer, say, tell } from "./responses.ts";
import { Sampler } from "./sampler.ts";
import { Tables } from "./tables.ts";
import { totalsOf } from "./totals.ts";

/** For how long a page that has lost its events waits before it asks again. */
const RETRY = "retry: 1000\n";

/** Serves the pages of one dispatcher. */
export class InspectorServer {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  readonly #context: Context;
  readonly #copas: Copas;
  readonly #gate: Gate;
  readonly #ids = new Identities();
  readonly #errors = new RecentErrors();
  readonly #streams = new EventStreams();
  readonly #overviews: Overviews;
  readonly #tables: Tables;
  readonly #sampler: Sampler;
  readonly #subjects: Subjects;
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Whether an overview is being made: a worker may take its time to answer. */
  #isLooking = false;

  constructor(copas: Copas, context: Context, settings: InspectorSettings) {
    const { scheduler, serverRegistry: { workers } } = context;
    this.#context = context;
    this.#copas = copas;
    this.#server = context.network.listenWith(
      "serve()",
      settings.hostname,
      settings.port,
      (hostname) => this.#listen({ ...settings, hostname }),
    );
    // Only for the time that the program runs for other reasons.
    this.#server.unref();
    this.addr = this.#server.addr;
    this.#gate = new Gate(settings, this.addr.port);
    this.#overviews = new Overviews(scheduler, workers, this.#ids);
    this.#tables = new Tables(scheduler, this.#ids, this.#errors);
    const servers = () => this.#overviews.servers();
    this.#subjects = { copas, scheduler, workers, ids: this.#ids, servers };
    scheduler.errorListeners.add(this.#errors.add);
    this.#sampler = outsideThreads(() =>
      new Sampler(() => totalsOf(scheduler), () => void this.#tick())
    );
  }

  #listen(
    { hostname, port, cert, key }: InspectorSettings,
  ): Deno.HttpServer<Deno.NetAddr> {
    const options = {
      hostname,
      port,
      signal: this.#abort.signal,
      onListen: () => {},
      onError: (error: unknown) => {
        console.error("The inspector failed to answer:", error);
        return say("The inspector failed; its log says how.", 500);
      },
      ...(cert === undefined ? {} : { cert, key }),
    };
    // A thread that calls this may end before the inspector does.
    return outsideThreads(() =>
      Deno.serve(options, (request) => this.#answer(request))
    );
  }

  /** A second is over: all live pages are told how things stand. */
  async #tick(): Promise<void> {
    if (!this.#isLooping) this.#streams.close();
    if (this.#streams.size === 0 || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const overview = await this.#overviews.make(this.#errors.count);
      const sample = this.#sampler.samples.at(-1);
      this.#streams.send(eventOf("tick", { overview, sample }));
    } catch (error) {
      // In a timer, it would end the process.
      console.error("The inspector can't look at the dispatcher:", error);
    } finally {
      this.#isLooking = false;
    }
  }

  async #answer(request: Request): Promise<Response> {
    const refusal = this.#gate.refuse(request);
    if (refusal !== undefined) return say(refusal.why, refusal.code);
    const { pathname, searchParams } = new URL(request.url);
    const isPost = request.method === "POST";
    if (isPost !== (pathname === "/actions")) {
      return say("The method is not for this address.", 405);
    }
    switch (pathname) {
      case "/healthz":
        return say("ok", 200);
      case "/readyz":
        return this.#isReady() ? say("ok", 200) : say("not ready", 503);
    }
    const session = this.#gate.sessionOf(request);
    const isKnown = session !== undefined || this.#gate.bringsToken(request);
    if (pathname === "/metrics" && isKnown) {
      const type = "text/plain; version=0.0.4; charset=utf-8";
      return answer(prometheus(this.#copas), type);
    }
    const token = searchParams.get("token");
    if (pathname === "/" && token !== null) {
      return this.#gate.isToken(token) ? this.#enter() : this.#keepOut();
    }
    if (session === undefined) return this.#keepOut();
    return await this.#serve(request, pathname, searchParams, session);
  }

  /** What a browser with a session gets. */
  async #serve(
    request: Request,
    pathname: string,
    search: URLSearchParams,
    session: Session,
  ): Promise<Response> {
    switch (pathname) {
      case "/events":
        return await this.#openStream();
      case "/session": {
        const { samples } = this.#sampler;
        return tell({ proof: session.proof, samples });
      }
      case "/rows": {
        const part = this.#tables.part(readPart(search));
        return part === undefined ? say("No such table.", 404) : tell(part);
      }
      case "/actions":
        return await this.#act(request, session);
    }
    const file = pageFiles.get(pathname === "/" ? "/page.html" : pathname);
    if (file === undefined) return say("There is nothing here.", 404);
    return answer(file.text, file.type);
  }

  /** A session begins: the browser goes on to the page, whose address tells no token. */
  #enter(): Response {
    const page =
      '<!doctype html><meta charset="utf-8"><title>Inspector</title>' +
      '<link rel="icon" href="/icon.svg">' +
      '<meta http-equiv="refresh" content="0;url=/"><a href="/">Inspector</a>';
    const cookie = this.#gate.begin();
    return answer(page, "text/html; charset=utf-8", 200, {
      "set-cookie": cookie,
    });
  }

  #keepOut(): Response {
    return say(
      "The inspector needs its token: open the address that it was started with, or send the token as Authorization: Bearer TOKEN for /metrics.",
      401,
    );
  }

  /**
   * Whether `loop()` runs. A stream keeps the process alive: without a loop a
   * page asks anew for each event, and the process can end in between.
   */
  get #isLooping(): boolean {
    return this.#context.scheduler.driver.running;
  }

  #isReady(): boolean {
    return stateOf(this.#context.scheduler) === "runs";
  }

  async #openStream(): Promise<Response> {
    const overview = await this.#overviews.make(this.#errors.count);
    const sample = this.#sampler.samples.at(-1);
    const event = eventOf("tick", { overview, sample });
    const type = "text/event-stream";
    if (!this.#isLooping) return answer(RETRY + event, type);
    const stream = this.#streams.open(RETRY + event);
    return stream === undefined
      ? say("Too many pages are live.", 503)
      : answer(stream, type);
  }

  async #act(request: Request, session: Session): Promise<Response> {
    if (!this.#gate.isProven(request, session)) {
      return say("The request was not made by the inspector's page.", 403);
    }
    const order = readOrder(await readJson(request));
    if (order === undefined) return say("The order can't be read.", 400);
    return carryOut(order, this.#subjects)
      ? tell({ done: true })
      : say("It is gone, or there is no such action.", 404);
  }

  /** Closes the inspector, and all that pages have open. */
  async close(): Promise<void> {
    this.#sampler.stop();
    this.#context.scheduler.errorListeners.delete(this.#errors.add);
    this.#streams.close();
    // What is not referenced is not waited for.
    this.#server.ref();
    this.#abort.abort();
    await this.#server.finished;
  }
}

/**
 * What the parts of a dispatcher work on.
 *
 * @module
 */

import { type Clock, RealClock } from "../core/clock.ts";
import { Scheduler } from "../core/scheduler.ts";
import { checkInteger, wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { Network } from "../net/network.ts";
import { NetPolicy } from "../net/policy.ts";
import type { NetScope } from "../net/scope.ts";
import { PoolFactory } from "../pool/factory.ts";
import { SocketFactory } from "../socket/factory.ts";
import {
  FutureFactory,
  LockFactory,
  QueueFactory,
  SemaphoreFactory,
  TimerFactory,
} from "../sync/factories.ts";
import { LimiterFactory } from "../sync/limiter.ts";
import { Debug } from "./debug.ts";
import { ErrorLog } from "./error_log.ts";
import { ServerRegistry } from "./server_registry.ts";
import { SocketLookup, SocketRegistry } from "./socket_lookup.ts";

/** How a dispatcher is made. */
export interface CopasOptions {
  /** Where its time comes from; `VirtualClock` of `@copas/copas/testing` for tests. Default: the real clock. */
  clock?: Clock;
  /** Its network scope: the addresses that it may use. Default: all that Deno grants. */
  net?: NetScope;
  /** How many bytes all connections together may keep waiting in memory, 1 or more, as the option of a server of that name. `Infinity`: no limit. Default: 256 MiB. */
  maxbuffered?: number;
}

/** What a dispatcher and all its views have in common. */
export interface SharedContext {
  readonly scheduler: Scheduler;
  readonly errorLog: ErrorLog;
  readonly socketRegistry: SocketRegistry;
  readonly serverRegistry: ServerRegistry;
  readonly timer: TimerFactory;
  readonly lock: LockFactory;
  readonly semaphore: SemaphoreFactory;
  readonly queue: QueueFactory;
  readonly future: FutureFactory;
  readonly limiter: LimiterFactory;
  readonly pool: PoolFactory;
  readonly debug: Debug;
}

/** What one view has of its own: all that depends on the network scope. */
export interface ViewContext {
  readonly network: Network;
  readonly socket: SocketFactory;
  readonly lookup: SocketLookup;
}

/** A dispatcher, or a view of one, as its parts see it. */
export interface Context extends SharedContext, ViewContext {}

/** Makes the context of a new dispatcher. */
export function createContext(options: CopasOptions): Context {
  const call = "new Copas()";
  checkKeys(call, "the options", options, ["clock", "net", "maxbuffered"]);
  const { clock, net, maxbuffered } = options;
  if (maxbuffered !== undefined && maxbuffered !== Infinity) {
    checkInteger(call, "maxbuffered", maxbuffered, 1);
  }
  const errorLog = new ErrorLog();
  const scheduler = new Scheduler(checkClock(clock), errorLog.print);
  errorLog.serve(scheduler);
  if (maxbuffered !== undefined) scheduler.memory.max = maxbuffered;
  const socketRegistry = new SocketRegistry();
  const policy = new NetPolicy(call, net);
  const view = createView(scheduler, socketRegistry, policy);
  return {
    scheduler,
    errorLog,
    socketRegistry,
    serverRegistry: new ServerRegistry(),
    timer: new TimerFactory(scheduler),
    lock: new LockFactory(scheduler),
    semaphore: new SemaphoreFactory(scheduler),
    queue: new QueueFactory(scheduler),
    future: new FutureFactory(scheduler),
    limiter: new LimiterFactory(scheduler),
    pool: new PoolFactory(scheduler),
    debug: new Debug(scheduler, view.lookup),
    ...view,
  };
}

/** Makes the context of a view: `context` with a scope of its own within that of `context`. */
export function narrowContext(context: Context, net: NetScope): Context {
  const { scheduler, socketRegistry, network } = context;
  const policy = new NetPolicy("scoped()", net, network.policy);
  return { ...context, ...createView(scheduler, socketRegistry, policy) };
}

function createView(
  scheduler: Scheduler,
  socketRegistry: SocketRegistry,
  policy: NetPolicy,
): ViewContext {
  const network = new Network(policy);
  return {
    network,
    socket: new SocketFactory(scheduler, network),
    lookup: new SocketLookup(scheduler, network, socketRegistry),
  };
}

function checkClock(clock: Clock = new RealClock()): Clock {
  const { now, alarm } = (clock ?? {}) as Partial<Clock>;
  if (typeof now === "function" && typeof alarm === "function") return clock;
  const expected = "a Clock, with now() and alarm()";
  throw wrongType("new Copas()", "the clock", expected, clock);
}

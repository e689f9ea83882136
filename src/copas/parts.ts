/**
 * The members of `Copas` by subject, as types: for a function that needs only
 * some of them.
 *
 * @module
 */

import type { Copas } from "./copas.ts";

/**
 * What {@linkcode Copas} has about threads: starting and removing them, their
 * errors, their names, and how many there are.
 */
export type Threads = Pick<
  Copas,
  | "addthread"
  | "addnamedthread"
  | "removethread"
  | "shield"
  | "currentthread"
  | "protect"
  | "pcall"
  | "seterrorhandler"
  | "geterrorhandler"
  | "gettraceback"
  | "setthreadname"
  | "getthreadname"
  | "status"
  | "metrics"
>;

/** What {@linkcode Copas} has about the loop and time, and all of {@linkcode Threads}. */
export type Dispatcher =
  & Threads
  & Pick<
    Copas,
    | "loop"
    | "step"
    | "finished"
    | "running"
    | "exit"
    | "exiting"
    | "waitforexit"
    | "exitsignal"
    | "shutdown"
    | "shutdownon"
    | "sleep"
    | "pause"
    | "pauseforever"
    | "wakeup"
    | "timeout"
    | "gettime"
    | "wait"
  >;

/** What {@linkcode Copas} has for threads to work together, and all of {@linkcode Dispatcher}. */
export type Tools =
  & Dispatcher
  & Pick<
    Copas,
    "timer" | "lock" | "semaphore" | "queue" | "future" | "limiter"
  >;

/** What {@linkcode Copas} has about sockets, and all of {@linkcode Tools}. */
export type Sockets =
  & Tools
  & Pick<
    Copas,
    | "socket"
    | "netaccess"
    | "wrap"
    | "receive"
    | "receivepartial"
    | "receivefrom"
    | "send"
    | "sendto"
    | "connect"
    | "dohandshake"
    | "flush"
    | "relay"
    | "pool"
    | "close"
    | "removeserver"
    | "settimeout"
    | "settimeouts"
    | "setsocketname"
    | "getsocketname"
  >;

/** What {@linkcode Copas} has about servers in workers, and all of {@linkcode Sockets}. */
export type WorkerServers = Sockets & Pick<Copas, "addworkers">;

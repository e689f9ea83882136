/**
 * The C library, for what Deno has no call for: epoll, local addresses of
 * connections, and the processor time of another process.
 *
 * The load generators are written on it, so that they cost little beside the
 * servers that they measure, and no compiler is needed.
 *
 * @module
 */

if (Deno.build.os !== "linux") {
  throw new Error(
    `Cannot run the benchmarks on ${Deno.build.os}: they need Linux, for epoll and the processor time of a process`,
  );
}

/** The functions of the C library that the benchmarks call; each is as its manual page says. */
export const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  // The counts are 64 bits wide, but fit into 32: numbers are much cheaper than bigints.
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
}).symbols;

/**
 * An error for a call that failed.
 *
 * It does not tell why: errno is lost between the call and the next one, since
 * V8 calls the system, too. So no decision is made by it anywhere.
 */
export function systemError(what: string): Error {
  return new Error(
    `${what}: the system refuses; see \`ulimit -n\` for how many files may be open`,
  );
}

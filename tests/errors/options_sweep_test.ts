// Every call that takes an object of options, with wrong ones: the error names the
// call, the key and the value.

import { assertEquals } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { command, get as ftpGet, put } from "../../src/ftp/mod.ts";
import { request } from "../../src/http/mod.ts";
import { send } from "../../src/smtp/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { show } from "../../src/errors/arguments.ts";
import { turn } from "../fixtures/event_loop.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";

// The compiler would refuse all of this.
// deno-lint-ignore no-explicit-any
type Anything = any;

/** Wrong values by their kind. */
const WRONG: Record<string, unknown> = {
  null: null,
  text: "text",
  empty: "",
  boolean: true,
  array: [1],
  object: { a: 1 },
  function: () => 5,
  NaN: NaN,
  negative: -1,
  fraction: 1.5,
  zero: 0,
  huge: 1e300,
  Infinity: Infinity,
  "-Infinity": -Infinity,
  bigint: 5n,
  symbol: Symbol("s"),
};

/** The kinds of values that a key takes. */
const SECONDS = [
  "negative",
  "fraction",
  "zero",
  "huge",
  "Infinity",
  "-Infinity",
];
const DELAY = ["fraction", "zero", "huge", "Infinity"];
const COUNT = ["Infinity"];
const FLAG = ["boolean"];
const TEXT = ["text", "empty"];
const NONE: string[] = [];

const WAIT = { timeout: SECONDS, signal: NONE };
const LINGER = { linger: DELAY, lingeralways: FLAG };
const STREAM = {
  timeouts: NONE,
  maxline: COUNT,
  maxbody: COUNT,
  ...LINGER,
};

interface Swept {
  /** How messages begin. */
  call: string;
  /** The kinds that each key takes. */
  keys: Record<string, string[]>;
  /** Other kinds that may stand in place of the options. */
  also?: string[];
  /** What has to be there besides. */
  base?: Record<string, unknown>;
  run: (options: Anything) => unknown;
}

/** Long enough for a call that has its outcome at once. */
async function turns(): Promise<void> {
  for (let i = 0; i < 300; i++) await turn();
}

async function sweep({ call, keys, also = [], base, run }: Swept) {
  const complaints: string[] = [];
  const expectError = async (what: string, given: unknown, parts: string[]) => {
    let error: unknown;
    try {
      const result = await Promise.race([
        (async () => await run(given))(),
        turns(),
      ]);
      void result;
    } catch (caught) {
      error = caught;
    }
    const isRight = error instanceof TypeError || error instanceof RangeError;
    const message = isRight ? (error as Error).message : String(error);
    if (!isRight) complaints.push(`${call} ${what}: ${message}`);
    else if (!parts.every((part) => message.includes(part))) {
      complaints.push(`${call} ${what}: ${parts} not in: ${message}`);
    }
  };
  await expectError("unknown key", { ...base, unknown_key: 1 }, [
    call,
    "unknown_key",
    ...Object.keys(keys),
  ]);
  for (const [kind, value] of Object.entries(WRONG)) {
    if (kind === "object" || also.includes(kind)) continue;
    await expectError(`options ${kind}`, value, [call]);
  }
  for (const [key, kinds] of Object.entries(keys)) {
    for (const [kind, value] of Object.entries(WRONG)) {
      if (kinds.includes(kind)) continue;
      await expectError(`${key} ${kind}`, { ...base, [key]: value }, [
        call,
        ["object", "array"].includes(kind) || key === "sslparams"
          ? ""
          : show(value),
      ]);
    }
  }
  return complaints;
}

Deno.test("wrong options of every call are refused, and named", async () => {
  using pair = await tcpPair();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const copas = new Copas({ clock: new VirtualClock() });
  copas.seterrorhandler(() => {}, true);
  const skt = copas.wrap(pair.ours);
  const lock = copas.lock.new();
  const semaphore = copas.semaphore.new(9, 9);
  const queue = copas.queue.new();
  const future = copas.future.new();
  const udp = copas.socket.udp();
  udp.setsockname("127.0.0.1", 0);
  const receive = { max: COUNT, ...WAIT };
  const calls: Swept[] = [
    {
      call: "new Copas()",
      keys: { clock: NONE, net: ["text", "array"] },
      run: (o) => new Copas(o),
    },
    {
      call: "scoped()",
      base: { net: [] },
      keys: { net: ["array"] },
      run: (o) => copas.scoped(o),
    },
    {
      call: "new VirtualClock()",
      keys: {
        start: ["fraction", "zero", "huge"],
        autojump: FLAG,
        quiet: DELAY,
      },
      run: (o) => new VirtualClock(o),
    },
    {
      call: "tcp()",
      keys: {
        name: [...TEXT, "object", "array"],
        ...STREAM,
        sslparams: ["object", "function"],
        starttls: FLAG,
      },
      run: (o) => copas.socket.tcp(o),
    },
    {
      call: "udp()",
      keys: { name: TEXT, timeouts: NONE, receivebuffer: ["huge"] },
      run: (o) => copas.socket.udp(o),
    },
    {
      call: "connect()",
      keys: WAIT,
      run: (o) => copas.socket.connect("127.0.0.1", 1, o),
    },
    {
      call: "lock.new()",
      keys: { name: TEXT, timeout: SECONDS, notreentrant: FLAG },
      also: SECONDS,
      run: (o) => copas.lock.new(o),
    },
    {
      call: "semaphore.new()",
      keys: { name: TEXT, start: ["zero"], timeout: SECONDS },
      also: ["zero"],
      run: (o) => copas.semaphore.new(5, o),
    },
    {
      call: "queue.new()",
      keys: { name: TEXT, maxsize: COUNT },
      run: (o) => copas.queue.new(o),
    },
    {
      call: "timer.new()",
      keys: {
        name: TEXT,
        delay: SECONDS,
        callback: ["function"],
        recurring: FLAG,
      },
      base: { delay: 1, callback() {} },
      run: (o) => copas.timer.new(o).cancel(),
    },
    {
      call: "addserver()",
      keys: {
        timeout: SECONDS,
        name: TEXT,
        maxConnections: COUNT,
        maxline: COUNT,
        maxbody: COUNT,
        ...LINGER,
      },
      also: SECONDS,
      run: (o) => copas.addserver(listener, () => {}, o),
    },
    {
      call: "shield()",
      keys: { timeout: SECONDS },
      run: (o) => copas.shield(() => 1, o),
    },
    { call: "sleep()", keys: { signal: NONE }, run: (o) => copas.sleep(0, o) },
    { call: "pause()", keys: { signal: NONE }, run: (o) => copas.pause(0, o) },
    {
      call: "pauseforever()",
      keys: { signal: NONE },
      run: (o) => copas.pauseforever(o),
    },
    {
      call: "wait()",
      keys: WAIT,
      run: (o) => copas.wait(Promise.resolve(), o),
    },
    { call: "waitforexit()", keys: WAIT, run: (o) => copas.waitforexit(o) },
    { call: "receive()", keys: receive, run: (o) => skt.receive(5, o) },
    { call: "receive()", keys: receive, run: (o) => copas.receive(skt, 5, o) },
    {
      call: "receivepartial()",
      keys: receive,
      run: (o) => skt.receivepartial(5, o),
    },
    {
      call: "receiveuntil()",
      keys: { ...receive, fatal: FLAG },
      run: (o) => skt.receiveuntil("x", o),
    },
    {
      call: "receiveframe()",
      keys: { ...receive, bytes: NONE, littleEndian: FLAG },
      run: (o) => skt.receiveframe(o),
    },
    {
      call: "peek()",
      keys: { ...WAIT, min: NONE },
      run: (o) => skt.peek(5, o),
    },
    { call: "lines()", keys: receive, run: (o) => skt.lines(o).next() },
    { call: "send()", keys: WAIT, run: (o) => skt.send("x", o) },
    {
      call: "sendframe()",
      keys: { ...WAIT, bytes: NONE, littleEndian: FLAG },
      run: (o) => skt.sendframe("x", o),
    },
    { call: "flush()", keys: WAIT, run: (o) => skt.flush(o) },
    { call: "dohandshake()", keys: WAIT, run: (o) => skt.dohandshake({}, o) },
    { call: "receive()", keys: WAIT, run: (o) => udp.receive(5, o) },
    { call: "receivefrom()", keys: WAIT, run: (o) => udp.receivefrom(5, o) },
    { call: "get()", keys: WAIT, also: SECONDS, run: (o) => lock.get(o) },
    {
      call: "take()",
      keys: WAIT,
      also: SECONDS,
      run: (o) => semaphore.take(1, o),
    },
    { call: "push()", keys: WAIT, also: SECONDS, run: (o) => queue.push(1, o) },
    { call: "pop()", keys: WAIT, also: SECONDS, run: (o) => queue.pop(o) },
    {
      call: "get()",
      keys: WAIT,
      also: SECONDS,
      run: (o) => (future as Anything).get(o),
    },
    {
      call: "addworkers()",
      keys: {
        hostname: TEXT,
        port: ["zero"],
        count: NONE,
        grace: DELAY,
        heartbeat: DELAY,
        backlog: NONE,
        sslparams: NONE,
        permissions: NONE,
      },
      base: { hostname: "127.0.0.1", port: 0 },
      run: (o) =>
        copas.addworkers(
          new URL("../fixtures/worker_handler.ts", import.meta.url),
          o,
        ),
    },
    {
      call: "request()",
      keys: {
        url: TEXT,
        method: ["text"],
        headers: ["object", "array", "null"],
        source: ["text", "empty", "function", "array", "object"],
        sink: ["function"],
        step: ["function"],
        redirect: FLAG,
        maxredirects: ["zero"],
        proxy: TEXT,
        maxbody: [...COUNT, "zero"],
        as: ["text"],
        timeout: SECONDS,
        signal: NONE,
        onhead: ["function"],
        decompress: FLAG,
        totaltimeout: SECONDS,
      },
      base: { url: "http://127.0.0.1:1" },
      also: ["text"],
      run: (o) => request(o),
    },
    {
      call: "get()",
      keys: {
        host: TEXT,
        port: NONE,
        user: ["text", "empty"],
        password: TEXT,
        type: NONE,
        secure: NONE,
        sink: ["function"],
        step: ["function"],
        offset: ["zero"],
        timeout: SECONDS,
        signal: NONE,
      },
      base: { host: "127.0.0.1", port: 1, path: "x", sink() {} },
      also: ["text"],
      run: (o) => ftpGet(o),
    },
    {
      call: "put()",
      keys: {
        host: TEXT,
        port: NONE,
        source: ["text", "empty", "function", "array"],
        timeout: SECONDS,
        signal: NONE,
      },
      base: { host: "127.0.0.1", port: 1, path: "x", source: "x" },
      run: (o) => put(o),
    },
    {
      call: "command()",
      keys: {
        host: TEXT,
        port: NONE,
        command: ["text"],
        check: ["text"],
        timeout: SECONDS,
        signal: NONE,
      },
      base: { host: "127.0.0.1", port: 1, command: "noop" },
      run: (o) => command(o),
    },
    {
      call: "send()",
      keys: {
        from: ["text"],
        rcpt: ["text"],
        server: TEXT,
        port: NONE,
        domain: TEXT,
        secure: NONE,
        timeout: SECONDS,
        signal: NONE,
      },
      base: {
        from: "<a@b>",
        rcpt: "<a@b>",
        server: "127.0.0.1",
        port: 1,
        source: "x",
      },
      run: (o) => send(o),
    },
  ];
  const complaints: string[] = [];
  for (const swept of calls) complaints.push(...await sweep(swept));
  skt.abort();
  udp.close();
  queue.destroy();
  assertEquals(complaints, []);
});

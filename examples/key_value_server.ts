// Key-value server: a small Redis that keeps strings in memory.
//
// Run:  deno run --allow-net=127.0.0.1:6379 examples/key_value_server.ts
// Talk: redis-cli (or nc 127.0.0.1 6379, and then: SET greeting "hello world")

import copas, { type StreamSocket } from "jsr:@copas/copas";

// --- A connection -----------------------------------------------------------------

async function serve(skt: StreamSocket): Promise<void> {
  const requests = new Requests();
  for (;;) {
    const request = requests.take();
    if (request === undefined) {
      const bytes = await receiveMore(skt, requests.missing);
      if (bytes === null) return;
      requests.add(bytes);
    } else if (request.length > 0) {
      const reply = answer(request);
      // The replies of a turn go out in one write. A client that does not read
      // them is not read from either: the send waits.
      await skt.send(reply);
      if (reply === GOODBYE) return;
    }
  }
}

const CHUNK = 64 * 1024;

/** Receives what there is, or the rest of a long string at once. */
function receiveMore(
  skt: StreamSocket,
  missing: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  return missing > CHUNK ? skt.receive(missing) : skt.receivepartial(CHUNK);
}

/** Ends the conversation with a client that does not keep to the protocol. */
async function serveStrictly(skt: StreamSocket): Promise<void> {
  try {
    await serve(skt);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    await skt.send(failure(`Protocol error: ${error.message}`));
  }
}

// --- Commands ---------------------------------------------------------------------

const OK = bytesOf("+OK\r\n");
const GOODBYE = bytesOf("+OK\r\n");
const PONG = bytesOf("+PONG\r\n");
const NOTHING = bytesOf("$-1\r\n");

type Reply = Uint8Array | string;

/** Each value is kept as the reply to GET: it is read more often than written. */
const store = new Map<string, Reply>();

/** How many arguments a command has at least and at most, and what it does. The first one is its name. */
type Command = [
  least: number,
  most: number,
  run: (args: Uint8Array[]) => Reply,
];

const commands = new Map<string, Command>([
  ["PING", [1, 2, ([, text]) => text === undefined ? PONG : bulk(text)]],
  ["ECHO", [2, 2, ([, text]) => bulk(text)]],
  ["GET", [2, 2, ([, key]) => store.get(textOf(key)) ?? NOTHING]],
  ["SET", [3, 3, ([, key, value]) => set(textOf(key), value)]],
  ["DEL", [2, Infinity, (args) => count(args, (key) => store.delete(key))]],
  ["EXISTS", [2, Infinity, (args) => count(args, (key) => store.has(key))]],
  ["INCR", [2, 2, ([, key]) => increment(textOf(key))]],
  ["QUIT", [1, Infinity, () => GOODBYE]],
  // What redis-cli, redis-benchmark and client libraries ask before they begin.
  ["COMMAND", [1, Infinity, () => "*0\r\n"]],
  ["CONFIG", [3, 3, configuration]],
  ["HELLO", [1, Infinity, hello]],
]);

function answer(args: Uint8Array[]): Reply {
  const name = textOf(args[0]);
  const command = commands.get(name) ?? commands.get(name.toUpperCase());
  if (command === undefined) return failure(`unknown command '${name}'`);
  const [least, most, run] = command;
  if (args.length < least || args.length > most) {
    const what = `for '${name.toLowerCase()}' command`;
    return failure(`wrong number of arguments ${what}`);
  }
  return run(args);
}

function set(key: string, value: Uint8Array): Reply {
  store.set(key, bulk(value));
  return OK;
}

/** How many of the keys `does` something to. */
function count(args: Uint8Array[], does: (key: string) => boolean): Reply {
  return `:${args.slice(1).filter((key) => does(textOf(key))).length}\r\n`;
}

function increment(key: string): Reply {
  const kept = store.get(key) ?? "$1\r\n0\r\n";
  const text = typeof kept === "string"
    ? kept.slice(kept.indexOf("\n") + 1, -2)
    : "";
  const old = /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : undefined;
  if (old === undefined || BigInt.asIntN(64, old) !== old) {
    return failure("value is not an integer or out of range");
  }
  const next = old + 1n;
  if (BigInt.asIntN(64, next) !== next) {
    return failure("increment or decrement would overflow");
  }
  set(key, bytesOf(`${next}`));
  return `:${next}\r\n`;
}

function configuration(args: Uint8Array[]): Reply {
  const [, subcommand, name] = args.map(textOf);
  if (subcommand.toUpperCase() !== "GET") {
    return failure(`unknown subcommand '${subcommand}'`);
  }
  const settings = new Map([["save", ""], ["appendonly", "no"]]);
  const value = settings.get(name.toLowerCase());
  if (value === undefined) return "*0\r\n";
  return `*2\r\n$${name.length}\r\n${name}\r\n$${value.length}\r\n${value}\r\n`;
}

function hello(args: Uint8Array[]): Reply {
  if (args.length > 1 && textOf(args[1]) !== "2") {
    return "-NOPROTO unsupported protocol version\r\n";
  }
  return "*6\r\n+server\r\n+copas\r\n+version\r\n+7.0.0\r\n+proto\r\n:2\r\n";
}

// --- The protocol -----------------------------------------------------------------

const encoder = new TextEncoder();
const [LF, CR, ZERO, NINE, ASTERISK, DOLLAR] = bytesOf("\n\r09*$");
const NOTHING_YET = new Uint8Array(0);
const LONGEST_LINE = 64 * 1024;
const LONGEST_STRING = 512 * 1024 * 1024;
const LONGEST_ARRAY = 2 ** 31 - 1;

/** A client does not keep to the protocol. */
class ProtocolError extends Error {}

/**
 * Takes the requests out of what has come: arrays of strings, as programs send
 * them ("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"), and lines of words, as people type
 * them ("GET key"). They come in pieces, and many at once.
 */
class Requests {
  /** What has come, and how far it has been taken. */
  #bytes = NOTHING_YET;
  #at = 0;
  /** The array at hand, how many of its strings are still to come, and the length of the next one, once it is known. */
  #array: Uint8Array[] = [];
  #expected = 0;
  #length = -1;

  /** Adds what has come. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#at = 0;
    this.#bytes = bytes;
    if (rest.length === 0) return;
    this.#bytes = new Uint8Array(rest.length + bytes.length);
    this.#bytes.set(rest);
    this.#bytes.set(bytes, rest.length);
  }

  /** How many bytes of the string at hand are missing, and of the CR and LF behind it. */
  get missing(): number {
    if (this.#length < 0) return 0;
    return this.#at + this.#length + 2 - this.#bytes.length;
  }

  /** The next request, if it is complete. An empty one means nothing. */
  take(): Uint8Array[] | undefined {
    if (this.#expected === 0) {
      this.#array = [];
      if (this.#at === this.#bytes.length) {
        // An idle connection holds nothing.
        this.#bytes = NOTHING_YET;
        this.#at = 0;
        return undefined;
      }
      if (this.#bytes[this.#at] !== ASTERISK) return this.#takeLine();
      const count = this.#takeNumber("multibulk length", LONGEST_ARRAY);
      if (count === undefined) return undefined;
      this.#expected = count;
    }
    for (; this.#expected > 0; this.#expected--) {
      const string = this.#takeString();
      if (string === undefined) return undefined;
      this.#array.push(string);
    }
    return this.#array;
  }

  #takeLine(): Uint8Array[] | undefined {
    const end = this.#bytes.indexOf(LF, this.#at);
    if (end < 0) {
      if (this.#bytes.length - this.#at <= LONGEST_LINE) return undefined;
      throw new ProtocolError("too big inline request");
    }
    const line = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return wordsOf(line);
  }

  #takeString(): Uint8Array | undefined {
    const bytes = this.#bytes;
    if (this.#length < 0) {
      if (this.#at === bytes.length) return undefined;
      if (bytes[this.#at] !== DOLLAR) {
        const got = String.fromCharCode(bytes[this.#at]);
        throw new ProtocolError(`expected '$', got '${got}'`);
      }
      const length = this.#takeNumber("bulk length", LONGEST_STRING);
      if (length === undefined) return undefined;
      this.#length = length;
    }
    if (this.missing > 0) return undefined;
    const start = this.#at;
    const end = start + this.#length;
    this.#at = end + 2;
    this.#length = -1;
    return bytes.subarray(start, end);
  }

  /** The number of a line like "$5". By hand: this is where a server spends its time. */
  #takeNumber(what: string, most: number): number | undefined {
    const bytes = this.#bytes;
    const first = this.#at + 1;
    let number = 0;
    for (let at = first; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === CR && at > first) {
        if (at + 1 === bytes.length) return undefined;
        this.#at = at + 2;
        return number;
      }
      number = number * 10 + byte - ZERO;
      if (byte < ZERO || byte > NINE || number > most || at - first > 9) {
        throw new ProtocolError(`invalid ${what}`);
      }
    }
    return undefined;
  }
}

const WORD =
  /[ \t\r]*(?:([^ \t\r"']+)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\'|\\(?!'))*)')(?=[ \t\r]|$)/gsy;

/** The words of a line. Those in quotes can have spaces in them, those in double quotes also "\n" or "\x00". */
function wordsOf(line: Uint8Array): Uint8Array[] {
  const text = textOf(line);
  const words: Uint8Array[] = [];
  let end = 0;
  for (const [all, plain, double, single] of text.matchAll(WORD)) {
    end += all.length;
    if (plain !== undefined) words.push(line.subarray(end - plain.length, end));
    else if (double !== undefined) words.push(bytesOf(unescaped(double)));
    else words.push(bytesOf(single.replaceAll("\\'", "'")));
  }
  if (/[^ \t\r]/.test(text.slice(end))) {
    throw new ProtocolError("unbalanced quotes in request");
  }
  return words;
}

const ESCAPES = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["b", "\b"],
  ["a", "\x07"],
]);

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, code, letter) => {
    return code === undefined
      ? ESCAPES.get(letter) ?? letter
      : String.fromCharCode(parseInt(code, 16));
  });
}

/** A string as a reply. As text if it is short and plain: that is cheaper to make, and to keep. */
function bulk(bytes: Uint8Array): Reply {
  const head = `$${bytes.length}\r\n`;
  if (bytes.length < 64) {
    const text = textOf(bytes);
    if (!/\P{ASCII}/u.test(text)) return `${head}${text}\r\n`;
  }
  const reply = new Uint8Array(head.length + bytes.length + 2);
  encoder.encodeInto(head, reply);
  reply.set(bytes, head.length);
  reply[reply.length - 2] = CR;
  reply[reply.length - 1] = LF;
  return reply;
}

function failure(why: string): string {
  return `-ERR ${why.replace(/[\r\n]/g, " ")}\r\n`;
}

/** Bytes as text of as many characters: every key is a different one, UTF-8 or not. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    const piece = bytes.subarray(at, at + 8192);
    text += Reflect.apply(String.fromCharCode, undefined, piece);
  }
  return text;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

// --- The server -------------------------------------------------------------------

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 6379));
copas.addserver(server, copas.handler(serveStrictly), { name: "store" });

const { port } = server.addr;
console.log(`Key-value server on 127.0.0.1:${port}. Try: redis-cli -p ${port}`);
await copas.loop();

/**
 * What can be asked of an FTP server: get a file, put one, do commands.
 *
 * @module
 */

import { Readable, Writable } from "node:stream";
import { checkInteger, wrongType } from "../errors/arguments.ts";
import { formatAddress } from "../net/address.ts";
import {
  Collector,
  Count,
  readSource,
  sinkTaker,
  type Source,
  type Step,
  type Taker,
} from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { checkOneLine } from "../requests/parameters.ts";
import { ReplyError } from "../requests/reply_error.ts";
import { observed } from "../requests/observed.ts";
import { requestError } from "../requests/request_error.ts";
import {
  type FtpCommandParams,
  type FtpEntry,
  type FtpGetParams,
  type FtpParams,
  type FtpPutParams,
  type FtpTarget,
  readTarget,
} from "./params.ts";
import { type FileInfo, FtpSession } from "./session.ts";

/** Where a transfer is done: in a session of its own, or in one that is open. */
export interface Carrier {
  readonly host: RequestHost;
  run<T>(
    target: FtpTarget,
    work: (session: FtpSession) => Promise<T>,
  ): Promise<T>;
}

/** Each transfer has a session of its own. */
export function oneEach(host: RequestHost): Carrier {
  return observedCarrier({
    host,
    run: (target, work) => FtpSession.run(host, target, work),
  });
}

/** The same, and each transfer is counted and told of. */
export function observedCarrier({ host, run }: Carrier): Carrier {
  return {
    host,
    run: (target, work) => {
      const attributes = {
        "network.protocol.name": "ftp",
        "server.address": target.host,
        "server.port": target.port,
      };
      return observed(
        host,
        "copas.client.request.duration",
        { name: "ftp", attributes },
        () => run(target, work),
      );
    },
  };
}

/** The longest file that is returned: that of `receive("*a")`. */
const MAX_FILE = 64 * 1024 * 1024;

/** `get(url)`: the content is returned. */
export async function getBytes(
  carrier: Carrier,
  given: string | URL | FtpParams,
): Promise<Uint8Array<ArrayBuffer>> {
  const isUrl = typeof given === "string" || given instanceof URL;
  const target = readTarget("get()", isUrl ? { url: given } : given, []);
  const collector = new Collector();
  await download(carrier, target, collector, new Count(undefined, MAX_FILE));
  return collector.bytes();
}

/** `get({...})`: the content goes into the sink. */
export async function getInto(
  carrier: Carrier,
  params: FtpGetParams,
): Promise<1> {
  const target = readTarget("get()", params, ["sink", "step", "offset"]);
  const { offset = 0 } = params;
  checkInteger("get()", "offset", offset, 0);
  const taker = sinkTaker("get()", params.sink);
  const count = new Count(params.step, Infinity);
  await download(carrier, target, taker, count, offset);
  return 1;
}

/** The entries of a folder, by the parser of the library. */
export async function list(
  carrier: Carrier,
  given: string | URL | FtpParams,
): Promise<FtpEntry[]> {
  const isUrl = typeof given === "string" || given instanceof URL;
  const target = readTarget("list()", isUrl ? { url: given } : given, []);
  try {
    const found = await carrier.run(
      target,
      (session) => session.list(target.path),
    );
    return found.map(entryOf);
  } catch (error) {
    throw requestError(`Cannot list ${nameOf(target)}`, error);
  }
}

/** The names in a folder. */
export async function nlst(
  carrier: Carrier,
  given: string | URL | FtpParams,
): Promise<string[]> {
  const isUrl = typeof given === "string" || given instanceof URL;
  const target = readTarget("nlst()", isUrl ? { url: given } : given, []);
  const folder = target.path.replace(/\/*$/, "/");
  try {
    const names = await carrier.run(
      target,
      (session) => session.nlst(target.path),
    );
    // Some servers put the folder before each name.
    return names
      .map((name) => name.startsWith(folder) ? name.slice(folder.length) : name)
      .filter((name) => !/^\.{0,2}$|[/\\]/.test(name));
  } catch (error) {
    throw requestError(`Cannot list ${nameOf(target)}`, error);
  }
}

function entryOf(info: FileInfo): FtpEntry {
  const { name, size, modifiedAt, isDirectory, isFile, isSymbolicLink } = info;
  const type = isDirectory
    ? "directory"
    : isFile
    ? "file"
    : isSymbolicLink
    ? "link"
    : "unknown";
  const modified = modifiedAt === undefined ? {} : { modified: modifiedAt };
  return { name, type, size, ...modified };
}

async function download(
  carrier: Carrier,
  target: FtpTarget,
  taker: Taker,
  count: Count,
  offset = 0,
): Promise<void> {
  checkPath("get()", target);
  let failure: unknown;
  const destination = new Writable({
    write(chunk, _encoding, done) {
      const bytes = new Uint8Array(chunk as Uint8Array);
      handed(count, taker, bytes).then(
        () => done(),
        (error) => {
          failure = error;
          done(new Error("the sink failed"));
        },
      );
    },
  });
  try {
    await carrier.run(target, async (session) => {
      await session.wait((client) =>
        client.downloadTo(destination, target.path, offset)
      );
    });
    await carrier.host.wait(Promise.resolve(taker.end()), {
      signal: target.signal,
    });
  } catch (error) {
    const told = requestError(`Cannot get ${nameOf(target)}`, failure ?? error);
    taker.abort(told);
    throw told;
  }
}

/** Puts a file; resolves to the number of its bytes. */
export async function put(
  carrier: Carrier,
  params: FtpPutParams | { url: string | URL; source: Source; step?: Step },
): Promise<number> {
  const target = readTarget("put()", params, ["source", "step"]);
  checkPath("put()", target);
  const content = readSource("put()", params.source);
  const count = new Count(params.step, Infinity);
  let failure: unknown;
  async function* chunks() {
    try {
      for await (const chunk of content.chunks()) {
        await count.sending(chunk, content.length);
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw new Error("the source failed");
    }
  }
  const source = Readable.from(chunks(), { objectMode: false });
  // It may fail before it is wanted.
  source.on("error", () => {});
  try {
    await carrier.run(target, async (session) => {
      await session.wait((client) => client.uploadFrom(source, target.path));
    });
    return count.sent;
  } catch (error) {
    throw requestError(`Cannot put ${nameOf(target)}`, failure ?? error);
  } finally {
    source.destroy();
  }
}

/** Does commands; resolves to the last reply. */
export async function command(
  carrier: Carrier,
  params: FtpCommandParams,
): Promise<[code: number, reply: string]> {
  const call = "command()";
  const target = readTarget(call, params, ["command", "argument", "check"]);
  const lines = linesOf(call, params);
  const isGood = checkOf(call, params.check);
  try {
    return await carrier.run(target, async (session) => {
      let last: [number, string] = [0, ""];
      for (const line of lines) {
        const { code, message } = await session.command(line);
        last = [code, message.trim()];
        if (isGood(code)) continue;
        throw new ReplyError(`the server replies: ${last[1]}`, {
          reply: code,
          text: last[1],
        });
      }
      return last;
    });
  } catch (error) {
    const names = lines.map((line) => line.split(" ")[0].toUpperCase());
    const failed = `Cannot do ${names.join(", ")} on ${nameOf(target)}`;
    throw requestError(failed, error);
  }
}

function linesOf(call: string, params: FtpCommandParams): string[] {
  const commands = [params.command].flat();
  const given = [params.argument].flat();
  if (commands.length === 0) throw wrongType(call, "command", "one", commands);
  return commands.map((name, i) => {
    checkOneLine(call, "the command", name);
    if (!/^[a-z]{3,}( [^\s]+)?$/i.test(name)) {
      throw wrongType(call, "the command", 'a word as "dele"', name);
    }
    const argument = given[i];
    if (argument === undefined) return name;
    checkOneLine(call, "the argument", argument);
    return `${name} ${argument}`;
  });
}

function checkOf(
  call: string,
  check: number | string | undefined,
): (code: number) => boolean {
  if (check === undefined) return (code) => code < 400;
  if (typeof check === "number") {
    checkInteger(call, "check", check, 100, 599);
    return (code) => code === check;
  }
  if (typeof check !== "string" || !/^[\d.]{3}$/.test(check)) {
    throw wrongType(call, "check", 'a code, or a pattern as "2.."', check);
  }
  const pattern = new RegExp(`^${check}$`);
  return (code) => pattern.test(String(code));
}

function checkPath(call: string, { path }: FtpTarget): void {
  if (path !== "") return;
  throw new TypeError(`${call}: the path is missing; name a file`);
}

/** What the messages call it: never with user or password. */
export function nameOf({ host, port, path, secure }: FtpTarget): string {
  const scheme = secure === "implicit" ? "ftps" : "ftp";
  return `${scheme}://${formatAddress(host, port)}/${path}`;
}

async function handed(
  count: Count,
  taker: Taker,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await count.received(bytes);
  await taker.take(bytes);
}

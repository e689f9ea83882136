/**
 * A session that stays open: several transfers, one after the other.
 *
 * @module
 */

import type { Source } from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { checkParams } from "../requests/parameters.ts";
import { requestError } from "../requests/request_error.ts";
import {
  type FtpCommandParams,
  type FtpEntry,
  type FtpGetParams,
  type FtpParams,
  type FtpPutParams,
  readTarget,
} from "./params.ts";
import { FtpSession } from "./session.ts";
import {
  type Carrier,
  command,
  getBytes,
  getInto,
  list,
  nameOf,
  nlst,
  observedCarrier,
  put,
} from "./transfer.ts";

/** The parameters of a `get` in an open session. */
export type OpenFtpGetParams = Pick<
  FtpGetParams,
  "path" | "sink" | "step" | "offset" | "signal"
>;

/** The parameters of a `put` in an open session. */
export type OpenFtpPutParams = Pick<
  FtpPutParams,
  "path" | "source" | "step" | "signal"
>;

/** The parameters of commands in an open session. */
export type OpenFtpCommandParams = Pick<
  FtpCommandParams,
  "command" | "argument" | "check" | "signal"
>;

/**
 * A session with an FTP server, as `open` gives it. It does one thing at a time.
 * Paths are relative to the folder in which it is.
 *
 * A `ReplyError` leaves it as it was. After any other failure of a call it is
 * closed. A server may close a session that was idle for too long: the next
 * call is a `ClosedError` then.
 */
export interface OpenFtp extends AsyncDisposable {
  /**
   * Gets a file, and returns its content.
   *
   * @param path the file
   * @returns resolves to the bytes of the file, at most 64 MiB
   * @throws {ReplyError} when the server refuses the file
   * @throws {ClosedError} when the session is closed
   * @throws {TooLongError} when the file is longer than 64 MiB
   * @throws {Deno.errors.Busy} when the session does something else
   */
  get(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Gets a file into a sink. Everything that a `get` of its own throws may be
   * thrown here.
   *
   * @param params the `path`, the `sink`, and whatever differs from the defaults
   * @returns resolves to 1 when the sink has taken all of it
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {ReplyError} when the server refuses the file
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session does something else
   */
  get(params: OpenFtpGetParams): Promise<1>;
  /**
   * Puts a file; it replaces one of the same name.
   *
   * @param path the file
   * @param content text (sent as UTF-8), bytes, or a stream of them
   * @returns resolves to the number of bytes that were sent
   * @throws {ReplyError} when the server refuses the file
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session does something else
   */
  put(path: string, content: Source): Promise<number>;
  /**
   * Puts a file, with all details. Everything that a `put` of its own throws may
   * be thrown here.
   *
   * @param params the `path`, the `source`, and whatever differs from the defaults
   * @returns resolves to the number of bytes that were sent
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {ReplyError} when the server refuses the file
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session does something else
   */
  put(params: OpenFtpPutParams): Promise<number>;
  /**
   * Lists a folder, as `list` does.
   *
   * @param path the folder. Default: the one in which the session is
   * @returns resolves to its entries, in the server's order
   * @throws {ReplyError} when the server refuses the folder
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session does something else
   */
  list(path?: string): Promise<FtpEntry[]>;
  /**
   * Gives the names in a folder, as `nlst` does.
   *
   * @param path the folder. Default: the one in which the session is
   * @returns resolves to the names, in the server's order
   * @throws {ReplyError} when the server refuses the folder
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session does something else
   */
  nlst(path?: string): Promise<string[]>;
  /**
   * Sends a command that needs no data connection, or several. `cwd` changes the
   * folder in which the session is.
   *
   * @param params the commands and their arguments
   * @returns resolves to code and text of the last reply
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {ReplyError} when a reply is not as `check` wants it
   * @throws {ClosedError} when the session is closed
   * @throws {Deno.errors.Busy} when the session does something else
   */
  command(
    params: OpenFtpCommandParams,
  ): Promise<[code: number, reply: string]>;
  /**
   * Ends the session. What it does just then is broken off.
   *
   * @returns resolves when it is closed
   */
  close(): Promise<void>;
}

/** Opens a session. */
export async function openFtp(
  host: RequestHost,
  given: string | URL | FtpParams,
): Promise<OpenFtp> {
  const isUrl = typeof given === "string" || given instanceof URL;
  const own = isUrl ? { url: given } : { ...given };
  const target = readTarget("open()", isUrl ? own : given, []);
  let session: FtpSession | undefined;
  try {
    session = await FtpSession.open(host, target);
    if (target.path !== "") {
      const cwd = (opened: FtpSession) =>
        opened.wait((client) => client.cd(target.path));
      await session.do(cwd, target.signal);
    }
  } catch (error) {
    session?.close();
    throw requestError(`Cannot open ${nameOf(target)}`, error);
  }
  const opened = session;
  return callsOf(
    observedCarrier({
      host,
      run: (target, work) => opened.do(work, target.signal),
    }),
    { ...own, signal: undefined },
    () => opened.end(),
  );
}

/** The calls of a session. What it is given names no server. */
function callsOf(
  carrier: Carrier,
  server: FtpParams,
  end: () => Promise<void>,
): OpenFtp {
  const at = (path = "") => ({ ...server, path });
  const merged = <T extends object>(call: string, given: T, keys: string[]) => {
    checkParams(call, given, keys);
    return { ...at(), ...given };
  };
  return {
    get: (async (given: string | OpenFtpGetParams) => {
      if (typeof given !== "string") {
        const keys = ["path", "sink", "step", "offset", "signal"];
        return await getInto(carrier, merged("get()", given, keys));
      }
      return await getBytes(carrier, at(given));
    }) as OpenFtp["get"],
    put: async (given: string | OpenFtpPutParams, source?: Source) => {
      const params = typeof given === "string"
        ? { path: given, source: source! }
        : given;
      const keys = ["path", "source", "step", "signal"];
      return await put(carrier, merged("put()", params, keys));
    },
    list: (path) => list(carrier, at(path)),
    nlst: (path) => nlst(carrier, at(path)),
    command: async (given) => {
      const keys = ["command", "argument", "check", "signal"];
      return await command(carrier, merged("command()", given, keys));
    },
    close: end,
    [Symbol.asyncDispose]: end,
  };
}

/**
 * Files by FTP and FTPS, with the API of LuaSocket's and Copas's `ftp`. Data
 * connections are passive.
 *
 * @example Up and down
 * ```ts
 * import { get, put } from "jsr:@copas/copas/ftp";
 *
 * await put("ftp://me:secret@ftp.example.com/notes.txt", "Hello");
 * const bytes = await get("ftp://me:secret@ftp.example.com/notes.txt");
 * console.log(new TextDecoder().decode(bytes));
 * ```
 *
 * @module
 */

import copas from "../copas/default.ts";
import type { Source } from "../requests/content.ts";
import { checkHost, type RequestHost } from "../requests/host.ts";
import { paced } from "../requests/paced.ts";
import type { Ftp } from "./ftp.ts";
import type { FtpGetParams, FtpPutParams } from "./params.ts";
import { openFtp } from "./open.ts";
import {
  command as commandBy,
  getBytes,
  getInto,
  list as listBy,
  nlst as nlstBy,
  oneEach,
  put as putBy,
} from "./transfer.ts";

export type { Ftp } from "./ftp.ts";
export type {
  OpenFtp,
  OpenFtpCommandParams,
  OpenFtpGetParams,
  OpenFtpPutParams,
} from "./open.ts";
export type { Progress, Sink, Source, Step } from "../requests/content.ts";
export type { RequestHost } from "../requests/host.ts";
export type {
  FtpCommandParams,
  FtpEntry,
  FtpGetParams,
  FtpParams,
  FtpPutParams,
} from "./params.ts";
export type { CommonParams, RequestTimeouts } from "../requests/parameters.ts";
export { ReplyError, type ReplyErrorOptions } from "../requests/reply_error.ts";

/**
 * Makes the FTP requests of another dispatcher than the default one, or of a
 * narrower view of one.
 *
 * @param host the dispatcher or view. Its sockets carry the requests, and its
 * network scope holds for them
 * @returns `get`, `put`, `command`, `list`, `nlst` and `open`, as this module exports them for the
 * default dispatcher
 * @throws {TypeError} when `host` is no dispatcher
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { ftpFor } from "jsr:@copas/copas/ftp";
 *
 * const { get } = ftpFor(copas.scoped({ net: ["ftp.example.com"] }));
 * const bytes = await get("ftp://ftp.example.com/pub/README");
 * console.log(bytes.length);
 * ```
 */
export function ftpFor(host: RequestHost): Ftp {
  checkHost("ftpFor()", host);
  const carrier = oneEach(host);
  return {
    get: ((given: string | URL | FtpGetParams) =>
      paced<unknown>(
        host,
        typeof given === "string" || given instanceof URL
          ? getBytes(carrier, given)
          : getInto(carrier, given),
      )) as Ftp["get"],
    put: ((given: string | URL | FtpPutParams, source: Source) =>
      paced(
        host,
        typeof given === "string" || given instanceof URL
          ? putBy(carrier, { url: given, source })
          : putBy(carrier, given),
      )) as Ftp["put"],
    command: (params) => paced(host, commandBy(carrier, params)),
    list: (folder) => paced(host, listBy(carrier, folder)),
    nlst: (folder) => paced(host, nlstBy(carrier, folder)),
    open: (server) => paced(host, openFtp(host, server)),
  };
}

const own = ftpFor(copas);

/**
 * Gets a file by the default dispatcher.
 *
 * Called with a URL, it resolves to the bytes of the file; with
 * {@linkcode FtpGetParams}, the bytes go to the `sink` and it resolves to 1.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among the parameters is out of range
 * @throws {ReplyError} when the server refuses the login or the file
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`, or 60 seconds
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {TooLongError} when the file is longer than 64 MiB and there is no sink
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.InvalidData} when an answer is not FTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { get } from "jsr:@copas/copas/ftp";
 *
 * const bytes = await get("ftp://ftp.example.com/pub/README");
 * console.log(bytes.length);
 * ```
 */
export const get: Ftp["get"] = own.get;
/**
 * Puts a file by the default dispatcher; it replaces one of the same name.
 *
 * Called with a URL and the content, or with {@linkcode FtpPutParams}, it
 * resolves to the number of bytes that were sent.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among the parameters is out of range
 * @throws {ReplyError} when the server refuses the login or the file
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`, or 60 seconds
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.InvalidData} when an answer is not FTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { put } from "jsr:@copas/copas/ftp";
 *
 * await put("ftp://me:secret@ftp.example.com/notes.txt", "Hello");
 * ```
 */
export const put: Ftp["put"] = own.put;
/**
 * Sends a command, or several in one session, by the default dispatcher. It
 * resolves to code and text of the last reply.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among the parameters is out of range
 * @throws {ReplyError} when the server refuses the login, or a reply is not as
 * `check` wants it
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`, or 60 seconds
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.InvalidData} when an answer is not FTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { command } from "jsr:@copas/copas/ftp";
 *
 * const url = "ftp://me:secret@ftp.example.com";
 * await command({ url, command: "dele", argument: "notes.txt" });
 * ```
 */
export const command: Ftp["command"] = own.command;

/**
 * Lists a folder by the default dispatcher: by MLSD where the server has it, else
 * by LIST, whose formats are guessed.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among them is out of range
 * @throws {ReplyError} when the server refuses the login or the folder
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {TooLongError} when the list is longer than 40 MiB
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.InvalidData} when an answer is not FTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { list } from "jsr:@copas/copas/ftp";
 *
 * for (const { name, type, size } of await list("ftp://ftp.example.com/pub")) {
 *   console.log(name, type, size);
 * }
 * ```
 */
export const list: Ftp["list"] = own.list;

/**
 * Gives the names in a folder by the default dispatcher, by NLST. `.` and `..` are left out, as is what
 * has a slash in its name. For an empty folder some servers send a refusal (450
 * or 550); {@linkcode Ftp.list} tells that apart from a missing one.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among them is out of range
 * @throws {ReplyError} when the server refuses the login or the folder
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {TooLongError} when the list is longer than 40 MiB
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.InvalidData} when an answer is not FTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { nlst } from "jsr:@copas/copas/ftp";
 *
 * console.log(await nlst("ftp://ftp.example.com/pub"));
 * ```
 */
export const nlst: Ftp["nlst"] = own.nlst;

/**
 * Opens a session by the default dispatcher: connects and logs in, for several transfers one after the
 * other. The session belongs to the thread that opens it, and ends when that is
 * removed.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among them is out of range
 * @throws {ReplyError} when the server refuses the login or the folder
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed the connection before the end
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server
 * @throws {Deno.errors.InvalidData} when an answer is not FTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
 *
 * @example
 * ```ts
 * import { open } from "jsr:@copas/copas/ftp";
 *
 * await using session = await open("ftp://me:secret@ftp.example.com/notes");
 * for (const name of await session.nlst()) {
 *   const bytes = await session.get(name);
 *   console.log(name, bytes.length);
 * }
 * ```
 */
export const open: Ftp["open"] = own.open;

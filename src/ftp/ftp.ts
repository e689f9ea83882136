/**
 * What can be asked of an FTP server, as the entry point declares it.
 *
 * @module
 */

import type { Source } from "../requests/content.ts";
import type { OpenFtp } from "./open.ts";
import type {
  FtpCommandParams,
  FtpEntry,
  FtpGetParams,
  FtpParams,
  FtpPutParams,
} from "./params.ts";

/** FTP requests of one dispatcher, or of a narrower view of one. */
export interface Ftp {
  /**
   * Gets a file, and returns its content.
   *
   * @param url `ftp://user:password@host:port/path;type=i`, or `ftps://`. Without
   * a user the login is anonymous
   * @returns resolves to the bytes of the file, at most 64 MiB
   * @throws {TypeError} when the URL is not one of ftp or ftps, or names no file
   * @throws {ReplyError} when the server refuses the login or the file
   * @throws {TimeoutError} when one call of a socket took 60 seconds
   * @throws {CancelledError} when the thread was removed
   * @throws {ClosedError} when the server closed a connection before the end
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ScopeError} when the dispatcher's network scope does not allow the server
   * @throws {Deno.errors.InvalidData} when an answer is not FTP
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there
   * @throws {Deno.errors.NotFound} when the host is unknown
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   * @throws {TooLongError} when the file is longer than 64 MiB
   *
   * @example
   * ```ts
   * import { get } from "jsr:@copas/copas/ftp";
   *
   * const bytes = await get("ftp://ftp.example.com/pub/README");
   * console.log(new TextDecoder().decode(bytes));
   * ```
   */
  get(url: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Gets a file into a sink. An error that the caller's sink or step throws ends
   * the request, and rejects it as it is.
   *
   * @param params the file, the `sink`, and whatever differs from the defaults
   * @returns resolves to 1 when the sink has taken all of it
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {ReplyError} when the server refuses the login or the file
   * @throws {TimeoutError} when one call of a socket took longer than `timeout`
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
   * import { get } from "jsr:@copas/copas/ftp";
   *
   * const file = await Deno.create("notes.txt");
   * await get({
   *   url: "ftp://me:secret@ftp.example.com/notes.txt",
   *   secure: "explicit",
   *   sink: file.writable,
   *   timeout: 20,
   * });
   * ```
   */
  get(params: FtpGetParams): Promise<1>;
  /**
   * Puts a file; it replaces one of the same name. An error that the content
   * throws ends the request, and rejects it as it is.
   *
   * @param url `ftp://user:password@host:port/path;type=i`, or `ftps://`. Without
   * a user the login is anonymous
   * @param content text (sent as UTF-8), bytes, or a stream of them
   * @returns resolves to the number of bytes that were sent
   * @throws {TypeError} when the URL is not one of ftp or ftps, or names no file, or the content is of the wrong type
   * @throws {ReplyError} when the server refuses the login or the file
   * @throws {TimeoutError} when one call of a socket took 60 seconds
   * @throws {CancelledError} when the thread was removed
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
  put(url: string | URL, content: Source): Promise<number>;
  /**
   * Puts a file, with all details; it replaces one of the same name. An error
   * that the caller's source or step throws ends the request, and rejects it as
   * it is.
   *
   * @param params the file, the `source`, and whatever differs from the defaults
   * @returns resolves to the number of bytes that were sent
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {ReplyError} when the server refuses the login or the file
   * @throws {TimeoutError} when one call of a socket took longer than `timeout`
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
   * const file = await Deno.open("notes.txt");
   * const bytes = await put({
   *   host: "ftp.example.com",
   *   user: "me",
   *   password: "secret",
   *   path: "notes.txt",
   *   source: file.readable,
   * });
   * console.log(bytes);
   * ```
   */
  put(params: FtpPutParams): Promise<number>;
  /**
   * Sends a command that needs no data connection, or several in one session.
   *
   * @param params the server, the commands and their arguments
   * @returns resolves to code and text of the last reply
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {ReplyError} when the server refuses the login, or when a reply is not as `check` wants it
   * @throws {TimeoutError} when one call of a socket took longer than `timeout`
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
   * const [, reply] = await command({
   *   url: "ftp://me:secret@ftp.example.com",
   *   command: ["mkd", "size"],
   *   argument: ["new", "notes.txt"],
   *   check: "2..",
   * });
   * ```
   */
  command(params: FtpCommandParams): Promise<[code: number, reply: string]>;
  /**
   * Lists a folder: by MLSD where the server has it, else by LIST, whose formats
   * are guessed. `.` and `..` are left out, as is what has a slash in its name.
   *
   * @param folder its URL, or the server and the `path` by parameters
   * @returns resolves to its entries, in the server's order
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
  list(folder: string | URL | FtpParams): Promise<FtpEntry[]>;
  /**
   * Gives the names in a folder, by NLST. `.` and `..` are left out, as is what
   * has a slash in its name. For an empty folder some servers send a refusal (450
   * or 550); {@linkcode Ftp.list} tells that apart from a missing one.
   *
   * @param folder its URL, or the server and the `path` by parameters
   * @returns resolves to the names, without the folder, in the server's order
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
  nlst(folder: string | URL | FtpParams): Promise<string[]>;
  /**
   * Opens a session: connects and logs in, for several transfers one after the
   * other. The session belongs to the thread that opens it, and ends when that is
   * removed.
   *
   * @param server its URL, or the server and the login by parameters. A path is
   * the folder in which the session begins
   * @returns resolves to the session, which has to be closed
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
  open(server: string | URL | FtpParams): Promise<OpenFtp>;
}

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

import copas from "../../mod.ts";
import type { Source } from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import type { FtpCommandParams, FtpGetParams, FtpPutParams } from "./params.ts";
import {
  command as commandBy,
  getBytes,
  getInto,
  put as putBy,
} from "./transfer.ts";

export type { Progress, Sink, Source, Step } from "../requests/content.ts";
export type { RequestHost } from "../requests/host.ts";
export type {
  FtpCommandParams,
  FtpGetParams,
  FtpParams,
  FtpPutParams,
} from "./params.ts";
export type { CommonParams, RequestTimeouts } from "../requests/parameters.ts";
export { ReplyError, type ReplyErrorOptions } from "../requests/reply_error.ts";

/** FTP by one dispatcher. */
export interface Ftp {
  /**
   * Gets a file.
   *
   * @returns its bytes, at most 64 MiB
   * @throws {ReplyError} when the server refuses the login or the file
   * @throws {TimeoutError} when it did not go on for 60 seconds
   * @throws {ClosedError} when it closed a connection too early
   * @throws {HandshakeError} when TLS could not be established
   */
  get(url: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  /** Gets a file into a sink. Resolves to 1. */
  get(params: FtpGetParams): Promise<1>;
  /**
   * Puts a file; one that is there is replaced.
   *
   * @returns how many bytes were sent
   * @throws as `get`
   */
  put(url: string | URL, content: Source): Promise<number>;
  /** Puts a file, with all details. */
  put(params: FtpPutParams): Promise<number>;
  /**
   * Does a command that needs no data connection, or several in one session.
   *
   * @returns code and text of the last reply
   * @throws {ReplyError} when a reply is not as `check` wants it
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
}

/** FTP by another dispatcher than the default one, or by a narrower view of it. */
export function ftpFor(host: RequestHost): Ftp {
  return {
    get:
      ((given: string | URL | FtpGetParams) =>
        typeof given === "string" || given instanceof URL
          ? getBytes(host, given)
          : getInto(host, given)) as Ftp["get"],
    put:
      ((given: string | URL | FtpPutParams, source: Source) =>
        typeof given === "string" || given instanceof URL
          ? putBy(host, { url: given, source })
          : putBy(host, given)) as Ftp["put"],
    command: (params) => commandBy(host, params),
  };
}

const own = ftpFor(copas);

/** Gets a file by the default dispatcher; see {@linkcode Ftp}. */
export const get: Ftp["get"] = own.get;
/** Puts a file by the default dispatcher; see {@linkcode Ftp}. */
export const put: Ftp["put"] = own.put;
/** Does a command by the default dispatcher; see {@linkcode Ftp}. */
export const command: Ftp["command"] = own.command;

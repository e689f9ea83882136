/**
 * HTTP and HTTPS requests, with the API of LuaSocket's and Copas's `http`. A
 * request waits as a receive does: meanwhile the other threads run.
 *
 * @example Ten pages at once
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { request } from "jsr:@copas/copas/http";
 *
 * for (let page = 1; page <= 10; page++) {
 *   copas.addthread(async () => {
 *     const [body, code] = await request(`https://example.com/?page=${page}`);
 *     console.log(page, code, body.length);
 *   });
 * }
 * await copas.loop();
 * ```
 *
 * @module
 */

import copas from "../../mod.ts";
import type { RequestHost } from "../requests/host.ts";
import type { ResponseHeaders } from "./headers.ts";
import type { HttpParams } from "./params.ts";
import { requestInto, requestText } from "./request.ts";

export type { Progress, Sink, Source, Step } from "../requests/content.ts";
export type { RequestHost } from "../requests/host.ts";
export type { HeadersLike, ResponseHeaders } from "./headers.ts";
export type { HttpParams } from "./params.ts";
export type { CommonParams, RequestTimeouts } from "../requests/parameters.ts";
export { ReplyError, type ReplyErrorOptions } from "../requests/reply_error.ts";

/** HTTP requests of one dispatcher. */
export interface Http {
  /**
   * Asks for `url`: by GET, or with a `body` by POST (as a form's content,
   * `application/x-www-form-urlencoded`).
   *
   * @returns body, code, headers and status line. An answer of 400 and above is
   * one like any other
   * @throws {TimeoutError} when the server did not go on for 60 seconds
   * @throws {ClosedError} when it closed the connection too early
   * @throws {TooLongError} when the body is longer than 64 MiB
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ReplyError} when it redirects from https to http
   * @throws {Deno.errors.InvalidData} when its answer is not HTTP, or changes the
   * protocol (`101`)
   */
  request(
    url: string | URL,
    body?: string | Uint8Array,
  ): Promise<
    [body: string, code: number, headers: ResponseHeaders, status: string]
  >;
  /**
   * Sends a request with all its details.
   *
   * @returns 1, code, headers and status line; the body is in the `sink`
   * @throws as above; what a source, sink or step of the caller's throws, as it is
   */
  request(
    params: HttpParams,
  ): Promise<[ok: 1, code: number, headers: ResponseHeaders, status: string]>;
}

/**
 * HTTP requests of another dispatcher than the default one, or of a narrower
 * view of it.
 *
 * @example
 * ```ts
 * import { Copas } from "jsr:@copas/copas";
 * import { httpFor } from "jsr:@copas/copas/http";
 *
 * const copas = new Copas();
 * const { request } = httpFor(copas);
 * const [, code] = await request("https://example.com/");
 * ```
 */
export function httpFor(host: RequestHost): Http {
  return {
    request:
      ((given: string | URL | HttpParams, body?: string | Uint8Array) =>
        typeof given === "string" || given instanceof URL
          ? requestText(host, given, body)
          : requestInto(host, given)) as Http["request"],
  };
}

/**
 * Asks for a URL, or sends a request with all its details; see {@linkcode Http}.
 *
 * @example A download
 * ```ts
 * import { request } from "jsr:@copas/copas/http";
 *
 * const file = await Deno.create("deno.zip");
 * const [, code] = await request({
 *   url: "https://example.com/deno.zip",
 *   sink: file.writable,
 *   timeout: { connect: 5, receive: 30 },
 *   step: (_chunk, { received, total }) => console.log(received, total),
 * });
 * ```
 */
export const request: Http["request"] = httpFor(copas).request;

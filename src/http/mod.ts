/**
 * HTTP and HTTPS requests, with the API of LuaSocket's and Copas's `http`. A
 * request waits as a receive does: the other threads run meanwhile.
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

import copas from "../copas/default.ts";
import { checkHost, type RequestHost } from "../requests/host.ts";
import { paced } from "../requests/paced.ts";
import { checkKeys } from "../requests/parameters.ts";
import { checkSeconds } from "../errors/arguments.ts";
import { Connections } from "./connections.ts";
import type { ResponseHeaders } from "./headers.ts";
import type { BodyKind, HttpParams } from "./params.ts";
import { requestInto, requestText } from "./request.ts";

export type { Progress, Sink, Source, Step } from "../requests/content.ts";
export type { RequestHost } from "../requests/host.ts";
export { getSetCookie } from "./headers.ts";
export type { HeadersLike, ResponseHeaders } from "./headers.ts";
export type { BodyKind, HttpParams } from "./params.ts";
export type { CommonParams, RequestTimeouts } from "../requests/parameters.ts";
export { ReplyError, type ReplyErrorOptions } from "../requests/reply_error.ts";

/** HTTP requests of one dispatcher, or of a narrower view of one. */
export interface Http {
  /**
   * Asks for `url`: by GET, or with a `body` by POST. A GET follows
   * up to 5 redirects.
   *
   * @param url begins with `http://` or `https://`. A user and a password in it
   * are sent as Basic authorization
   * @param body the content of a form (`application/x-www-form-urlencoded`);
   * text is sent as UTF-8. Default: none, and the method is GET
   * @returns resolves to body, code, headers and status line. A code of 400 and
   * above is an answer as any other, and no error
   * @throws {TypeError} when the URL is not one of http or https, or an argument
   * is of the wrong type
   * @throws {TimeoutError} when one call of the socket took 60 seconds
   * @throws {CancelledError} when the thread was removed
   * @throws {ClosedError} when the server closed the connection before the end of the answer
   * @throws {TooLongError} when the body is longer than 64 MiB, or the headers than 16 KiB
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ScopeError} when the dispatcher's network scope does not allow the
   * server, or one that it redirects to
   * @throws {ReplyError} when the server redirects from https to http, or to
   * what is not an address of http or https
   * @throws {Deno.errors.InvalidData} when the answer is not HTTP, or
   * changes the protocol (`101`)
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there
   * @throws {Deno.errors.NotFound} when the host is unknown
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   *
   * @example
   * ```ts
   * import { request } from "jsr:@copas/copas/http";
   *
   * const [body, code, headers] = await request("https://example.com/");
   * console.log(code, headers["content-type"], body.length);
   * ```
   */
  request(
    url: string | URL,
    body?: string | Uint8Array,
  ): Promise<
    [body: string, code: number, headers: ResponseHeaders, status: string]
  >;
  /**
   * Sends a request with all its details, and returns the body as text, bytes or
   * the value of its JSON. It fails as the other forms do.
   *
   * @param params the URL, `as`, and whatever differs from a plain GET
   * @returns resolves to body, code, headers and status line
   * @throws {SyntaxError} when `as` is `"json"` and the body is none
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {TimeoutError} when one call of the socket took longer than `timeout`
   * @throws {CancelledError} when the thread was removed or `signal` aborted
   * @throws {ClosedError} when the server closed the connection before the end of the answer
   * @throws {TooLongError} when the body is longer than `maxbody`, or the headers than 16 KiB
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ScopeError} when the dispatcher's network scope does not allow the
   * server, the proxy, or a server that it redirects to
   * @throws {ReplyError} when the server redirects from https to http and
   * `redirect` is not `"all"`, when it redirects to what is not an address of
   * http or https, or when the proxy does not connect
   * @throws {Deno.errors.InvalidData} when the answer is not HTTP
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there
   * @throws {Deno.errors.NotFound} when the host is unknown
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   *
   * @example
   * ```ts
   * import { request } from "jsr:@copas/copas/http";
   *
   * const [note, code] = await request({
   *   url: "https://example.com/notes",
   *   method: "POST",
   *   json: { text: "Hello" },
   *   as: "json",
   * });
   * console.log(code, note);
   * ```
   */
  request<Kind extends BodyKind>(
    params: HttpParams & { as: Kind },
  ): Promise<
    [
      body: BodyTypes[Kind],
      code: number,
      headers: ResponseHeaders,
      status: string,
    ]
  >;
  /**
   * Sends a request with all its details. An error that the caller's source,
   * sink or step throws ends the request, and rejects it as it is.
   *
   * @param params the URL, and whatever differs from a plain GET
   * @returns resolves to 1, code, headers and status line when the `sink` has
   * taken the body. A code of 400 and above is an answer as any other, and no
   * error
   * @throws {TypeError} when a parameter is unknown or of the wrong type
   * @throws {RangeError} when a number among them is out of range
   * @throws {TimeoutError} when one call of the socket took longer than `timeout`
   * @throws {CancelledError} when the thread was removed or `signal` aborted
   * @throws {ClosedError} when the server closed the connection before the end of the answer
   * @throws {TooLongError} when the body is longer than `maxbody`, or the headers than 16 KiB
   * @throws {HandshakeError} when TLS could not be established
   * @throws {ScopeError} when the dispatcher's network scope does not allow the
   * server, the proxy, or a server that it redirects to
   * @throws {ReplyError} when the server redirects from https to http and
   * `redirect` is not `"all"`, when it redirects to what is not an address of
   * http or https, or when the proxy does not connect
   * @throws {Deno.errors.InvalidData} when the answer is not HTTP
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there
   * @throws {Deno.errors.NotFound} when the host is unknown
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   *
   * @example
   * ```ts
   * import { request } from "jsr:@copas/copas/http";
   *
   * const [, code] = await request({
   *   url: "https://example.com/notes/1",
   *   method: "PUT",
   *   headers: { "content-type": "text/plain" },
   *   source: "Hello",
   *   timeout: 10,
   * });
   * console.log(code);
   * ```
   */
  request(
    params: HttpParams,
  ): Promise<[ok: 1, code: number, headers: ResponseHeaders, status: string]>;
  /** Closes the connections that are kept for further requests. Those of requests that run stay. */
  close(): void;
  /** As `close()`, at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/** What the body of an answer is, by `as`. */
export interface BodyTypes {
  /** By the charset that its `Content-Type` names, else UTF-8. */
  text: string;
  /** Any value that JSON has. */
  // deno-lint-ignore no-explicit-any
  json: any;
  /** As it came, decompressed. */
  bytes: Uint8Array<ArrayBuffer>;
  /**
   * Chunks as they come, decompressed. The server is read from only while the
   * stream is; an error of the connection is one of the stream. Read it to its
   * end, or cancel it: until then the connection stays open.
   */
  stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What {@linkcode httpFor} can be told. */
export interface HttpOptions {
  /** How many seconds a connection is kept after a request, for the next one to the same server. At most 32 to each server are idle; `loop()` does not wait for them. Default: 0, each request has a connection of its own. */
  keepalive?: number;
}

/**
 * Makes the HTTP requests of another dispatcher than the default one, or of a
 * narrower view of one.
 *
 * @param host the dispatcher or view. Its sockets carry the requests, and its
 * network scope holds for them
 * @param options `keepalive`, in seconds. Default: connections are not kept
 * @returns `request`, as this module exports it for the default dispatcher, and
 * `close`
 * @throws {TypeError} when `host` is no dispatcher, or an option is unknown or of
 * the wrong type
 * @throws {RangeError} when `keepalive` is `NaN`
 *
 * @example Many requests over a few connections
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { httpFor } from "jsr:@copas/copas/http";
 *
 * using http = httpFor(copas, { keepalive: 15 });
 * for (let page = 1; page <= 100; page++) {
 *   const [body] = await http.request(`https://example.com/?page=${page}`);
 *   console.log(page, body.length);
 * }
 * ```
 *
 * @example Within a scope
 * ```ts
 * import { Copas } from "jsr:@copas/copas";
 * import { httpFor } from "jsr:@copas/copas/http";
 *
 * const copas = new Copas({ net: ["example.com:443"] });
 * const { request } = httpFor(copas);
 * const [, code] = await request("https://example.com/");
 * ```
 */
export function httpFor(host: RequestHost, options: HttpOptions = {}): Http {
  checkHost("httpFor()", host);
  checkKeys("httpFor()", options, ["keepalive"]);
  const { keepalive = 0 } = options;
  checkSeconds("httpFor()", "keepalive", keepalive);
  const connections = new Connections(keepalive);
  return {
    request:
      ((given: string | URL | HttpParams, body?: string | Uint8Array) =>
        paced<unknown>(
          host,
          typeof given === "string" || given instanceof URL
            ? requestText(host, connections, given, body)
            : requestInto(host, connections, given),
        )) as Http["request"],
    close: () => connections.close(),
    [Symbol.dispose]: () => connections.close(),
  };
}

/**
 * Asks for a URL, or sends a request with all its details, by the default
 * dispatcher.
 *
 * Called with a URL (and the content of a form), it resolves to body, code,
 * headers and status line; with {@linkcode HttpParams}, to 1, code, headers and
 * status line, and the body goes to the `sink`.
 *
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number among the parameters is out of range
 * @throws {ReplyError} when the server redirects from https to http (unless
 * `redirect` is `"all"`) or to what is not an address of http or https, or the
 * proxy does not connect
 * @throws {TimeoutError} when one call of a socket took longer than `timeout`, or 60 seconds
 * @throws {CancelledError} when the thread was removed or `signal` aborted
 * @throws {ClosedError} when the server closed a connection before the end
 * @throws {TooLongError} when the body is longer than `maxbody` (64 MiB where it is
 * returned), or the headers than 16 KiB
 * @throws {HandshakeError} when TLS could not be established
 * @throws {ScopeError} when the dispatcher's network scope does not allow the server, the
 * proxy, or a server that it redirects to
 * @throws {Deno.errors.InvalidData} when an answer is not HTTP
 * @throws {Deno.errors.ConnectionRefused} when nothing listens there
 * @throws {Deno.errors.NotFound} when the host is unknown
 * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
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

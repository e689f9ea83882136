/**
 * HTTP requests in the words of OpenTelemetry's conventions.
 *
 * @module
 */

import type { RequestHost } from "../requests/host.ts";
import { observed } from "../requests/observed.ts";
import { hostOf } from "../requests/parameters.ts";
import { portOf } from "./open.ts";
import type { HttpRequest } from "./params.ts";

/** The methods that are no surprise; a program may make up others, and a metric must not have a row for each. */
const METHODS = new Set(
  [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
  ],
);

/** Parts of a query that are secrets, as the conventions list them. */
const SECRETS = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"];

/**
 * Does a request, counts it, and tells an instrumentation of it.
 *
 * @param work does the request, with the headers that carry the trace on
 * @param status the code of the answer that came last
 */
export async function observedHttp<T>(
  host: RequestHost,
  { url, method }: HttpRequest,
  work: (headers: Record<string, string>) => Promise<T>,
  status: () => number,
): Promise<T> {
  const known = METHODS.has(method) ? method : "_OTHER";
  const attributes = {
    "http.request.method": known,
    "server.address": hostOf(url),
    "server.port": portOf(url),
  };
  return await observed(
    host,
    "http.client.request.duration",
    {
      name: known === "_OTHER" ? "HTTP" : known,
      attributes,
      details: () => ({
        "url.full": redacted(url),
        ...(known === method ? {} : { "http.request.method_original": method }),
      }),
    },
    (tracer) => {
      const traceparent = tracer?.serialize();
      return work(traceparent === undefined ? {} : { traceparent });
    },
    () => outcome(status()),
  );
}

function outcome(code: number): Record<string, string | number> {
  const status = { "http.response.status_code": code };
  return code < 400 ? status : { ...status, "error.type": String(code) };
}

function redacted(url: URL): string {
  const shown = new URL(url);
  if (shown.username !== "") shown.username = "REDACTED";
  if (shown.password !== "") shown.password = "REDACTED";
  for (const name of SECRETS) {
    if (shown.searchParams.has(name)) shown.searchParams.set(name, "REDACTED");
  }
  return shown.href;
}

/** The same request with further headers, unless the caller has set them. */
export function withHeaders(
  request: HttpRequest,
  further: Record<string, string>,
): HttpRequest {
  const added = Object.entries(further);
  if (added.length === 0) return request;
  const headers = new Map(request.headers);
  for (const [name, value] of added) {
    if (!headers.has(name)) headers.set(name, [name, value]);
  }
  return { ...request, headers };
}

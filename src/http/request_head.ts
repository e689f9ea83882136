/**
 * The head of a request, as it is sent.
 *
 * @module
 */

import { ENCODINGS } from "./decoding.ts";
import { requestHeaders } from "./headers.ts";
import { proxyAuthorization } from "./open.ts";
import type { HttpRequest } from "./params.ts";
import { headBytes } from "./upload.ts";

/** The first line and the headers. */
export function requestHead(
  request: HttpRequest,
  isKept: boolean,
): Uint8Array<ArrayBuffer> {
  const { url, proxy, method } = request;
  const headers = requestHeaders(
    "request()",
    url,
    request.headers,
    request.content,
    isKept,
  );
  // It is for the proxy alone; through a tunnel it would get to the server.
  headers.delete("proxy-authorization");
  if (request.decompress) {
    headers.set("accept-encoding", ["Accept-Encoding", ENCODINGS]);
  }
  let path = request.uri ?? `${url.pathname}${url.search}`;
  if (proxy?.protocol.startsWith("http") && url.protocol === "http:") {
    path = request.uri ?? `http://${url.host}${path}`;
    const authorization = proxyAuthorization(request, proxy);
    if (authorization !== undefined) {
      const name = "Proxy-Authorization";
      headers.set(name.toLowerCase(), [name, authorization]);
    }
  }
  let head = `${method.toUpperCase()} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of headers.values()) head += `${name}: ${value}\r\n`;
  return headBytes(`${head}\r\n`);
}

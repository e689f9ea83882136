/**
 * The connection of an HTTP request: straight to the server, or through a proxy.
 *
 * @module
 */

import { formatAddress } from "../net/address.ts";
import { TooLongError } from "../errors/errors.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { RequestHost } from "../requests/host.ts";
import { hostOf, userOf } from "../requests/parameters.ts";
import { ReplyError } from "../requests/reply_error.ts";
import { abandon } from "../requests/socket_duplex.ts";
import { layeredTls } from "../tls/layer.ts";
import { basic } from "./headers.ts";
import type { HttpRequest } from "./params.ts";
import { withoutIdentity } from "./redirect.ts";
import { socksConnect } from "./socks.ts";

/** What the headers of a proxy's answer may take. */
const MAX_LINE = 8192;
const MAX_LINES = 100;

/** Opens the connection. The caller closes it. */
export async function open(
  host: RequestHost,
  request: HttpRequest,
): Promise<StreamSocket> {
  const { url, proxy, signal, sslparams, timeouts } = request;
  const isSecure = url.protocol === "https:";
  const isSecureProxy = proxy?.protocol === "https:";
  const own = isSecureProxy ? withoutIdentity(sslparams) : sslparams;
  // TLS with the server goes through that with the proxy.
  const isWithin = isSecure && isSecureProxy;
  const isFirst = proxy === undefined ? isSecure : isSecureProxy && !isWithin;
  const name = `http: ${formatAddress(hostOf(url), portOf(url))}`;
  const socket = host.socket.tcp({
    name,
    timeouts,
    maxline: MAX_LINE,
    sslparams: isFirst ? own : undefined,
  });
  try {
    const to = proxy ?? url;
    // What the proxy is asked for as well: it may reach what this side must not.
    endpointOf(socket).checkScope(hostOf(url), portOf(url));
    await endpointOf(socket).connect(hostOf(to), portOf(to), { signal }, {
      layer: isWithin
        ? (conn, given) => layeredTls(conn, own, hostOf(to), given)
        : undefined,
    });
    if (proxy === undefined) return socket;
    const isSocks = !proxy.protocol.startsWith("http");
    if (isSocks) {
      await socksConnect(socket, proxy, hostOf(url), portOf(url), signal);
    } else if (isSecure) await tunnel(socket, request, proxy);
    if (isSecure) await secure(socket, request);
    return socket;
  } catch (error) {
    abandon(socket);
    throw error;
  }
}

/** The port of a URL. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** Asks a proxy of HTTP for a connection to the server. */
async function tunnel(
  socket: StreamSocket,
  request: HttpRequest,
  proxy: URL,
): Promise<void> {
  const { url, signal } = request;
  const target = formatAddress(hostOf(url), portOf(url));
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  const authorization = proxyAuthorization(request, proxy);
  if (authorization !== undefined) {
    lines.push(`Proxy-Authorization: ${authorization}`);
  }
  await socket.send(lines.join("\r\n") + "\r\n\r\n", { signal });
  const status = await socket.receive("*l", { signal }) ?? "";
  const code = Number(/^HTTP\/1\.[01] (\d{3})/.exec(status)?.[1] ?? NaN);
  if (Number.isNaN(code)) {
    throw new Deno.errors.InvalidData(
      `the proxy ${proxy.host} does not answer as a proxy does`,
    );
  }
  if (code < 200 || code > 299) {
    throw new ReplyError(
      `the proxy ${proxy.host} does not connect: ${status}`,
      { reply: code, text: status },
    );
  }
  for (let lines = 0; await socket.receive("*l", { signal });) {
    if (++lines <= MAX_LINES) continue;
    throw new TooLongError(`the proxy ${proxy.host} sends too many headers`);
  }
}

/** Secures a connection through a proxy. */
async function secure(
  socket: StreamSocket,
  { url, signal, sslparams: given }: HttpRequest,
): Promise<void> {
  // The socket is connected to the proxy; it is the server that must prove its name.
  const named = (params: SslParamsObject) => ({
    servername: hostOf(url),
    ...params,
  });
  await socket.dohandshake(
    typeof given === "function"
      ? async () => named(await given())
      : named(given),
    { signal },
  );
}

type SslParamsObject = Exclude<
  HttpRequest["sslparams"],
  (...args: never[]) => unknown
>;

/** What identifies us to the proxy. */
export function proxyAuthorization(
  request: HttpRequest,
  proxy: URL,
): string | undefined {
  const own = request.headers.get("proxy-authorization")?.[1];
  const user = userOf("request(): proxy", proxy);
  return own ?? (user && basic(user));
}

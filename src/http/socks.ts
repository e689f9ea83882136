/**
 * Connections through a SOCKS5 proxy: RFC 1928, with user and password by
 * RFC 1929. The proxy looks names up.
 *
 * @module
 */

import { type Ip, parseIp } from "../net/ip.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { hostOf, userOf } from "../requests/parameters.ts";
import { ReplyError } from "../requests/reply_error.ts";

const VERSION = 5;
const [NO_LOGIN, LOGIN] = [0, 2];
const CONNECT = 1;
const [IPV4, NAME, IPV6] = [1, 3, 4];

/** What the codes of a refusal mean. */
const REFUSALS = [
  "",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "time to live expired",
  "it does not know the command",
  "it does not know the kind of address",
];

/**
 * Asks the proxy that `socket` is connected to for a connection to a server.
 *
 * @throws {ReplyError} when the proxy refuses the login, or does not connect
 * @throws {Deno.errors.InvalidData} when it is no SOCKS5 proxy
 */
export async function socksConnect(
  socket: StreamSocket,
  proxy: URL,
  host: string,
  port: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const send = (...bytes: number[]) =>
    socket.send(Uint8Array.from(bytes), { signal });
  const receive = async (count: number) => {
    const bytes = await socket.receive(count, { signal });
    if (bytes?.length === count) return bytes;
    throw new Deno.errors.InvalidData(`${named(proxy)} hangs up`);
  };
  const user = userOf("request(): proxy", proxy);
  // Before anything is sent: what is too long for SOCKS is refused.
  const address = addressBytes(host);
  const login = user && [...counted(user.user), ...counted(user.password)];
  const methods = user === undefined ? [NO_LOGIN] : [NO_LOGIN, LOGIN];
  await send(VERSION, methods.length, ...methods);
  const [version, method] = await receive(2);
  if (version !== VERSION) throw isNone(proxy);
  if (!methods.includes(method)) {
    throw new ReplyError(`${named(proxy)} wants another login`, {
      reply: method,
    });
  }
  if (method === LOGIN && login !== undefined) {
    await send(1, ...login);
    const [, status] = await receive(2);
    if (status !== 0) {
      throw new ReplyError(`${named(proxy)} refuses the login`, {
        reply: status,
      });
    }
  }
  const [high, low] = [port >> 8, port & 255];
  await send(VERSION, CONNECT, 0, ...address, high, low);
  const [again, reply, , kind] = await receive(4);
  if (again !== VERSION) throw isNone(proxy);
  if (reply !== 0) {
    const why = REFUSALS[reply] ?? `code ${reply}`;
    throw new ReplyError(`${named(proxy)} does not connect: ${why}`, {
      reply,
      text: why,
    });
  }
  // Where it connects from is of no interest.
  const lengths: Record<number, number> = { [IPV4]: 4, [IPV6]: 16 };
  const length = kind === NAME ? (await receive(1))[0] : lengths[kind];
  if (length === undefined) throw isNone(proxy);
  await receive(length + 2);
}

/** An address as SOCKS writes it. */
function addressBytes(host: string): number[] {
  const ip = parseIp(host);
  if (ip === undefined) return [NAME, ...counted(host)];
  return [ip.bits === 32 ? IPV4 : IPV6, ...bytesOf(ip)];
}

function bytesOf({ bits, value }: Ip): number[] {
  const digits = value.toString(16).padStart(bits / 4, "0");
  return digits.match(/../g)!.map((byte) => parseInt(byte, 16));
}

/** Text after its length. */
function counted(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= 255) return [bytes.length, ...bytes];
  throw new TypeError(
    "request(): a host, a user and a password have at most 255 bytes for a SOCKS5 proxy",
  );
}

function named(proxy: URL): string {
  return `the proxy ${hostOf(proxy)}:${proxy.port}`;
}

function isNone(proxy: URL): Error {
  return new Deno.errors.InvalidData(
    `${named(proxy)} does not answer as a SOCKS5 proxy does`,
  );
}

/**
 * The header of the PROXY protocol, version 2, which is binary.
 *
 * @module
 */

import type { Endpoint } from "../net/address.ts";
import { crc32c } from "./crc32c.ts";
import { malformed, type ProxyHeader } from "./header.ts";

/** How it begins. */
export const SIGNATURE = new Uint8Array([
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d],
  ...[0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
]);

/** Bytes before the addresses. */
const FIXED = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
/** Family and protocol: of each, how many bytes its two addresses and ports take. */
const UNSPEC = 0x00;
const TCP4 = 0x11;
const TCP6 = 0x21;
const UNIX_STREAM = 0x31;
const ADDRESS_BYTES: Record<number, number> = {
  [TCP4]: 12,
  [TCP6]: 36,
  [UNIX_STREAM]: 216,
};
const UNIX_PATH = 108;
/** The type of a field that holds the checksum of the header. */
const CRC32C = 0x03;

/**
 * Reads a header of which the signature, as far as it has come, is right.
 *
 * @returns `undefined` when more bytes are needed
 * @throws {SyntaxError} as soon as the bytes can't be a header any more
 */
export function parseVersion2(bytes: Uint8Array): ProxyHeader | undefined {
  const [command, family] = [bytes[12], bytes[13]];
  if (command === undefined) return undefined;
  if (command !== LOCAL && command !== PROXY) {
    throw malformed("its version or command is unknown");
  }
  if (family === undefined) return undefined;
  const addressBytes = ADDRESS_BYTES[family];
  if (command === PROXY && family !== UNSPEC && addressBytes === undefined) {
    throw malformed("its address family or protocol is no stream's");
  }
  if (bytes.length < FIXED) return undefined;
  const length = FIXED + (bytes[14] << 8 | bytes[15]);
  // What a proxy says for itself, or does not know, is skipped, whatever it is.
  const isSkipped = command === LOCAL || family === UNSPEC;
  if (!isSkipped && length < FIXED + addressBytes) {
    throw malformed("it is too short for its addresses");
  }
  if (bytes.length < length) return undefined;
  if (isSkipped) return { length };
  const header = bytes.subarray(0, length);
  checkFields(header, FIXED + addressBytes);
  return { length, client: addressesOf(header, family) };
}

function addressesOf(
  header: Uint8Array,
  family: number,
): ProxyHeader["client"] {
  const view = new DataView(header.buffer, header.byteOffset + FIXED);
  if (family === UNIX_STREAM) {
    return {
      source: unixEndpoint(header, FIXED),
      destination: unixEndpoint(header, FIXED + UNIX_PATH),
    };
  }
  const size = family === TCP4 ? 4 : 16;
  const endpoint = (at: number, portAt: number): Endpoint => {
    const port = view.getUint16(portAt);
    return family === TCP4
      ? [header.subarray(FIXED + at, FIXED + at + 4).join("."), port, "inet"]
      : [ipv6Text(view, at), port, "inet6"];
  };
  return {
    source: endpoint(0, size * 2),
    destination: endpoint(size, size * 2 + 2),
  };
}

function ipv6Text(view: DataView, at: number): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => view.getUint16(at + 2 * i).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** The path of a Unix socket; a name that begins with NUL is an abstract one. */
function unixEndpoint(header: Uint8Array, at: number): Endpoint {
  const path = header.subarray(at, at + UNIX_PATH);
  const end = path.indexOf(0, 1);
  const text = new TextDecoder().decode(
    path.subarray(0, end < 0 ? UNIX_PATH : end),
  );
  return [text === "\0" ? "" : text, 0, "unix"];
}

/** Refuses fields that do not fill the header exactly, or a checksum that is wrong. */
function checkFields(header: Uint8Array, start: number): void {
  for (let at = start; at < header.length;) {
    const value = at + 3;
    if (value > header.length) throw malformed("a field of it is cut short");
    const length = header[at + 1] << 8 | header[at + 2];
    if (value + length > header.length) {
      throw malformed("a field of it is longer than the header");
    }
    if (header[at] === CRC32C) checkChecksum(header, value, length);
    at = value + length;
  }
}

function checkChecksum(header: Uint8Array, at: number, length: number): void {
  if (length !== 4) throw malformed("its checksum has not four bytes");
  const copy = header.slice();
  const view = new DataView(copy.buffer);
  const expected = view.getUint32(at);
  view.setUint32(at, 0);
  if (crc32c(copy) !== expected) throw malformed("its checksum is wrong");
}

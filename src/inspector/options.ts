/**
 * The options of the inspector, checked, and with their defaults.
 *
 * @module
 */

import {
  checkInteger,
  checkString,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { parseIpHost } from "../net/ip.ts";
import { isLoopback } from "../net/public_address.ts";

/** Where the inspector listens, and who may see it. */
export interface InspectorOptions {
  /** The address or name of this machine on which it listens. Another one than loopback needs `hosts`. Default: `"127.0.0.1"`. */
  hostname?: string;
  /** The port; 0: any free one. Default: 0. */
  port?: number;
  /** The secret that opens it, at least 16 characters. Default: 32 random characters, which stand in the inspector's `url`. */
  token?: string;
  /** The names under which browsers may ask for it, besides those of loopback, as they stand in a URL: `"inspector.example.com"`, or with the port where that is another one. Requests for any other name are refused. Default: none. */
  hosts?: readonly string[];
  /** The certificate, in PEM, with which it serves HTTPS. Default: none, it serves HTTP. */
  cert?: string;
  /** The private key of the certificate, in PEM. Default: none. */
  key?: string;
}

/** The options as the inspector uses them. */
export interface InspectorSettings extends InspectorOptions {
  readonly hostname: string;
  readonly port: number;
  readonly token: string;
  readonly hosts: readonly string[];
}

const CALL = "serve()";
const SHORTEST_TOKEN = 16;
const KEYS = ["hostname", "port", "token", "hosts", "cert", "key"];

/** Checks the options, and fills in what is missing. */
export function readInspectorOptions(
  options: InspectorOptions,
): InspectorSettings {
  checkKeys(CALL, "the options", options, KEYS);
  const { hostname = "127.0.0.1", port = 0, token, hosts = [] } = options;
  checkString(CALL, "hostname", hostname);
  checkInteger(CALL, "port", port, 0, 65535);
  if (token !== undefined) checkToken(token);
  if (!Array.isArray(hosts) || !hosts.every((host) => isHost(host))) {
    const expected = 'names as they stand in a URL, as ["example.com"]';
    throw wrongType(CALL, "hosts", expected, hosts);
  }
  if (!isLocal(hostname) && hosts.length === 0) {
    throw new TypeError(
      `${CALL}: the inspector would be seen beyond this machine at ${hostname}; name in hosts the names under which browsers may ask for it`,
    );
  }
  const { cert, key } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError(`${CALL}: cert and key are given together, or neither`);
  }
  for (const [name, pem] of Object.entries({ cert, key })) {
    if (pem !== undefined) checkString(CALL, name, pem);
  }
  return { hostname, port, hosts, cert, key, token: token ?? randomText() };
}

function checkToken(token: string): void {
  checkString(CALL, "token", token);
  if (token.length < SHORTEST_TOKEN) {
    // Its length only: the message may end in a log.
    const expected = `at least ${SHORTEST_TOKEN} characters long`;
    throw outOfRange(CALL, "token", expected, token.length);
  }
}

function isHost(host: unknown): boolean {
  return typeof host === "string" && /^[^\s/@?#]+$/.test(host) &&
    URL.canParse(`http://${host}`);
}

/** Whether only this machine reaches what listens there. */
export function isLocal(hostname: string): boolean {
  if (hostname.toLowerCase() === "localhost") return true;
  const ip = parseIpHost(hostname);
  return ip !== undefined && isLoopback(ip);
}

/** 32 characters that can't be guessed, and may stand in URLs and cookies. */
export function randomText(): string {
  return crypto.getRandomValues(new Uint8Array(24)).toBase64({
    alphabet: "base64url",
  });
}

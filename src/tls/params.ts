/**
 * `sslparams`: what the program says about TLS, and its check. No error message
 * of this file ever shows a certificate or a key.
 *
 * @module
 */

import { parseIp } from "../net/ip.ts";

/** A certificate and the key that belongs to it. */
export interface CertifiedKey {
  /** The certificate in PEM; those of the authorities in between follow it. */
  cert: string;
  /** Its private key in PEM, not encrypted. */
  key: string;
}

/** Which side of the handshake this is. */
export type TlsMode = "client" | "server";

/**
 * How a connection is secured, in Deno's own words: PEM text, not file names.
 *
 * `{}` is a client's TLS with all defaults. A client always verifies the
 * server's certificate and its name.
 */
export interface SslParams {
  /** Which side this is. Default: `"server"` for a connection that a server accepted, else `"client"`. */
  mode?: TlsMode;
  /** Our certificate in PEM. A server needs one, or `sni`; a client has one if the server demands it. */
  cert?: string;
  /** The private key of `cert` in PEM. */
  key?: string;
  /**
   * Authorities in PEM. A client trusts them besides those that Deno trusts. A
   * server accepts client certificates from them, and from no others.
   */
  caCerts?: string[];
  /** The application protocols that this side speaks, the best first. */
  alpnProtocols?: string[];
  /** Client: the name that the server must prove. Default: the host that was connected to. */
  servername?: string;
  /** Server: certificates by name. `"*.example.com"` stands for one label. */
  sni?: Record<string, CertifiedKey>;
  /**
   * Server: whether a client that asks for a name outside `sni` is refused.
   * Default: `false` when there is a `cert` to give it instead, else `true`.
   */
  strict?: boolean;
  /**
   * Server: whether a client has to show a certificate from one of `caCerts`.
   * `"optional"`: it need not, but one that it shows must be good. Default: `false`.
   */
  requestcert?: boolean | "optional";
}

/** Gives the `sslparams` for the next handshake, so that a renewed certificate is used without a restart. */
export type SslParamsSource = () => SslParams | Promise<SslParams>;

const KEYS = [
  "mode",
  "cert",
  "key",
  "caCerts",
  "alpnProtocols",
  "servername",
  "sni",
  "strict",
  "requestcert",
];
const ONLY_SERVER = ["sni", "strict", "requestcert"] as const;

/**
 * Refuses what is no `sslparams`.
 *
 * @param side which side it is where they don't say; nothing: that is not known yet
 */
export function checkSslParams(
  call: string,
  given: unknown,
  side?: TlsMode,
): asserts given is SslParams | SslParamsSource {
  if (typeof given === "function") return;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `${call}: sslparams must be an object, or a function that returns one, got ${
        kind(given)
      }`,
    );
  }
  const params = given as SslParams;
  const unknown = Object.keys(params).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `${call}: sslparams has no key ${unknown}; it has ${KEYS.join(", ")}`,
    );
  }
  const { mode, caCerts, alpnProtocols, servername } = params;
  if (mode !== undefined && mode !== "client" && mode !== "server") {
    throw wrong(call, "mode", '"client" or "server"', mode);
  }
  if (params.cert !== undefined || params.key !== undefined) {
    checkCertifiedKey(call, "", params);
  }
  if (caCerts !== undefined) checkAuthorities(call, caCerts);
  if (alpnProtocols !== undefined) {
    checkList(call, "alpnProtocols", alpnProtocols, "an array of names");
    const bad = alpnProtocols.findIndex((name) => !isProtocol(name));
    if (bad >= 0) {
      const expected = "a name of 1 to 255 bytes";
      throw wrong(call, `alpnProtocols[${bad}]`, expected, alpnProtocols[bad]);
    }
  }
  if (servername !== undefined) checkServername(call, servername);
  if (params.sni !== undefined) checkNames(call, params.sni);
  checkChoices(call, params);
  const known = mode ?? side;
  if (known !== undefined) checkMode(call, params, known);
}

function checkChoices(call: string, params: SslParams): void {
  const { strict, requestcert } = params;
  if (strict !== undefined && typeof strict !== "boolean") {
    throw wrong(call, "strict", "a boolean", strict);
  }
  const choices = [undefined, true, false, "optional"];
  if (!choices.includes(requestcert)) {
    throw wrong(call, "requestcert", 'true, false or "optional"', requestcert);
  }
}

/** Checks what depends on the side. A parameter that would be ignored is refused: it was meant to protect something. */
export function checkMode(
  call: string,
  params: SslParams,
  mode: TlsMode,
): void {
  const refuse = (why: string) => new TypeError(`${call}: sslparams: ${why}`);
  if (mode === "client") {
    const key = ONLY_SERVER.find((key) => params[key] !== undefined);
    if (key !== undefined) throw refuse(`${key} is for mode "server"`);
    return;
  }
  const { cert, sni, strict, requestcert = false, caCerts } = params;
  if (params.servername !== undefined) {
    throw refuse('servername is for mode "client"; a server has sni');
  }
  if (cert === undefined && Object.keys(sni ?? {}).length === 0) {
    throw refuse("a server needs cert and key, or sni");
  }
  if (cert === undefined && strict === false) {
    throw refuse(
      "strict: false needs cert and key for clients that ask for another name",
    );
  }
  if (requestcert !== false && (caCerts ?? []).length === 0) {
    throw refuse(
      "requestcert needs caCerts, the authorities of the client certificates",
    );
  }
  if (requestcert === false && caCerts !== undefined) {
    throw refuse(
      "caCerts of a server are for client certificates and need requestcert",
    );
  }
}

function checkNames(call: string, sni: unknown): void {
  if (typeof sni !== "object" || sni === null || Array.isArray(sni)) {
    throw wrong(call, "sni", "an object of { name: { cert, key } }", sni);
  }
  for (const [name, certified] of Object.entries(sni)) {
    if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name)) {
      throw new TypeError(
        `${call}: sslparams: sni: ${
          JSON.stringify(name)
        } is no host name; "*" stands only before the first dot`,
      );
    }
    if (typeof certified !== "object" || certified === null) {
      throw wrong(call, `sni: ${name}`, "an object { cert, key }", certified);
    }
    checkCertifiedKey(call, `sni: ${name}: `, certified);
  }
}

function checkCertifiedKey(
  call: string,
  where: string,
  { cert, key }: Partial<CertifiedKey>,
): void {
  const [there, missing] = cert === undefined
    ? ["key", "cert"]
    : ["cert", "key"];
  if (cert === undefined || key === undefined) {
    throw new TypeError(
      `${call}: sslparams: ${where}${there} needs ${missing} beside it`,
    );
  }
  checkCertificate(call, `${where}cert`, cert);
  if (typeof key !== "string") {
    throw wrong(call, `${where}key`, "a private key in PEM", key);
  }
  if (key.includes("ENCRYPTED")) {
    throw new TypeError(
      `${call}: sslparams: ${where}key is encrypted; decrypt it first, as with openssl pkey`,
    );
  }
  if (!PRIVATE_KEY.test(key)) {
    throw notPem(call, `${where}key`, "a private key", key);
  }
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const CERTIFICATE = "-----BEGIN CERTIFICATE-----";

function checkCertificate(call: string, name: string, pem: unknown): void {
  if (typeof pem !== "string") {
    throw wrong(call, name, "a certificate in PEM", pem);
  }
  if (!pem.includes(CERTIFICATE)) {
    throw notPem(call, name, "a certificate", pem);
  }
}

/** The text is not what belongs there. */
function notPem(
  call: string,
  name: string,
  expected: string,
  text: string,
): TypeError {
  let is = "its text, not a file's name";
  if (PRIVATE_KEY.test(text)) is = "it is a private key";
  else if (text.includes(CERTIFICATE)) is = "it is a certificate";
  else if (text.includes("-----BEGIN ")) is = "it is other PEM";
  else if (text.startsWith("0")) is = "it is DER; openssl turns it into PEM";
  return new TypeError(
    `${call}: sslparams: ${name} must be ${expected} in PEM (${is})`,
  );
}

function checkServername(call: string, name: unknown): void {
  const expected = "a host name or an address";
  if (!isText(name)) throw wrong(call, "servername", expected, name);
  if (parseIp(name) !== undefined || !/[\s:/\[\]]/.test(name)) return;
  throw new TypeError(
    `${call}: sslparams: servername must be ${expected}, without a port or a scheme, got ${
      JSON.stringify(name)
    }`,
  );
}

/** Refuses a list of no authorities: it would be unclear whether none is trusted, or each that Deno trusts. */
function checkAuthorities(call: string, given: unknown): void {
  checkList(call, "caCerts", given, "an array of PEM texts");
  const caCerts = given as unknown[];
  if (caCerts.length === 0) {
    throw new TypeError(
      `${call}: sslparams: caCerts must hold an authority; a client without caCerts trusts those of Deno`,
    );
  }
  caCerts.forEach((pem, i) => checkCertificate(call, `caCerts[${i}]`, pem));
}

function checkList(
  call: string,
  name: string,
  value: unknown,
  expected: string,
): void {
  if (!Array.isArray(value)) throw wrong(call, name, expected, value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isProtocol(name: unknown): boolean {
  return isText(name) && new TextEncoder().encode(name).length <= 255;
}

/** Says what kind of value came, and never the value: it may be a key in the wrong place. */
function wrong(
  call: string,
  name: string,
  expected: string,
  value: unknown,
): TypeError {
  return new TypeError(
    `${call}: sslparams: ${name} must be ${expected}, got ${kind(value)}`,
  );
}

function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return "bytes; PEM is text";
  return /^[aeiou]/.test(typeof value)
    ? `an ${typeof value}`
    : `a ${typeof value}`;
}

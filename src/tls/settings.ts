/**
 * `sslparams`, checked and read for one side: what the handshake works with.
 *
 * @module
 */

import {
  type CertifiedKey,
  checkSslParams,
  type SslParams,
  type SslParamsSource,
  type TlsMode,
} from "./params.ts";

/** The settings of a handshake. They never change: an engine may keep what it made of them. */
export class TlsSettings {
  readonly mode: TlsMode;
  readonly certificate?: CertifiedKey;
  readonly caCerts?: string[];
  readonly alpnProtocols?: string[];
  readonly servername?: string;
  readonly requestcert: boolean | "optional";
  /** The certificates of `sni`, by name in lower case. */
  readonly named: ReadonlyMap<string, CertifiedKey>;
  readonly #strict: boolean;

  /** Reads `params`, which have been checked for `mode`. */
  constructor(params: SslParams, mode: TlsMode) {
    const { cert, key, sni = {} } = params;
    this.mode = mode;
    this.certificate = cert === undefined ? undefined : { cert, key: key! };
    this.caCerts = params.caCerts?.slice();
    this.alpnProtocols = params.alpnProtocols?.slice();
    this.servername = params.servername;
    this.requestcert = params.requestcert ?? false;
    this.named = new Map(
      Object.entries(sni).map(([name, { cert, key }]) => [
        name.toLowerCase(),
        { cert, key },
      ]),
    );
    this.#strict = params.strict ?? false;
  }

  /** The certificate for a client that asks for `name`, which is empty when it asks for none; nothing: it is refused. */
  certificateFor(name: string): CertifiedKey | undefined {
    const exact = name.toLowerCase();
    const wildcard = exact.replace(/^[^.]*/, "*");
    const named = this.named.get(exact) ?? this.named.get(wildcard);
    if (named !== undefined) return named;
    // A client without a name can't have asked for the wrong one.
    return this.#strict && name !== "" ? undefined : this.certificate;
  }
}

/** The settings of `sslparams` that were used before. */
const cache: Record<TlsMode, WeakMap<SslParams, TlsSettings>> = {
  client: new WeakMap(),
  server: new WeakMap(),
};

/**
 * The settings for the next handshake.
 *
 * @param mode which side this is, where `given` does not say so
 */
export async function tlsSettings(
  call: string,
  given: SslParams | SslParamsSource,
  mode: TlsMode,
): Promise<TlsSettings> {
  const params = typeof given === "function" ? await given() : given;
  const before = cache[params?.mode ?? mode]?.get(params);
  if (before !== undefined) return before;
  if (typeof params === "function") {
    throw new TypeError(
      `${call}: the function for sslparams must return an object, got a function`,
    );
  }
  checkSslParams(call, params, mode);
  const side = params.mode ?? mode;
  const settings = new TlsSettings(params, side);
  cache[side].set(params, settings);
  return settings;
}

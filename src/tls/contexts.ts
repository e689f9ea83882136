/**
 * The contexts of `node:tls`: parsed certificates and keys, made once for each
 * settings.
 *
 * @module
 */

import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import type { CertifiedKey } from "./params.ts";
import type { TlsSettings } from "./settings.ts";

/** The contexts of one settings object, by certificate. */
export class Contexts {
  /** Names the authorities of the settings: it is the same only where they are the same. */
  readonly trust: string;
  readonly #settings: TlsSettings;
  readonly #byCertificate = new Map<
    CertifiedKey | undefined,
    tls.SecureContext
  >();

  constructor(settings: TlsSettings) {
    this.#settings = settings;
    const { certificate, named, caCerts = [] } = settings;
    caCerts.forEach((pem) => checkPem("caCerts", pem));
    this.trust = createHash("sha256").update(JSON.stringify(caCerts)).digest(
      "base64",
    );
    for (const each of [certificate, ...named.values()]) {
      if (each !== undefined) checkPair(each);
    }
  }

  /** The context of `cert` and `key`. */
  get own(): tls.SecureContext {
    return this.#context(this.#settings.certificate);
  }

  /** The context for a client that asks for `name`, if there is one. */
  for(name: string): tls.SecureContext | undefined {
    const certificate = this.#settings.certificateFor(name);
    return certificate && this.#context(certificate);
  }

  #context(certificate: CertifiedKey | undefined): tls.SecureContext {
    let context = this.#byCertificate.get(certificate);
    if (context === undefined) {
      const { mode, caCerts } = this.#settings;
      context = mode === "client"
        ? clientContext(certificate, caCerts)
        // A server trusts only them.
        : tls.createSecureContext({ ...certificate, ca: caCerts });
      this.#byCertificate.set(certificate, context);
    }
    return context;
  }
}

/**
 * The context of a client, which trusts `caCerts` besides the authorities that
 * Deno trusts. These are not listed in `ca`: `tls.rootCertificates` needs
 * `--allow-sys` as a whole, and lacks those of `--cert`.
 */
export function clientContext(
  certificate: CertifiedKey | undefined,
  caCerts: readonly string[] = [],
): tls.SecureContext {
  const context = tls.createSecureContext({ ...certificate });
  for (const pem of caCerts) context.context.addCACert(pem);
  return context;
}

const made = new WeakMap<TlsSettings, Contexts>();

/** Makes the contexts of settings, once. Throws when a certificate or a key is of no use. */
export function contextsOf(settings: TlsSettings): Contexts {
  let contexts = made.get(settings);
  if (contexts === undefined) {
    made.set(settings, contexts = new Contexts(settings));
  }
  return contexts;
}

/** Deno takes a key that can't be read, or is another certificate's, and the handshake then never ends. */
function checkPair({ cert, key }: CertifiedKey): void {
  const certificate = checkPem("cert", cert);
  let fits: boolean;
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Its message is of no use, and nothing of a key may get out.
    throw failure("ERR_BAD_KEY", "the key can't be read");
  }
  if (!fits) {
    throw failure("ERR_BAD_KEY", "the key is not that of the certificate");
  }
}

function checkPem(name: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw failure(
      "ERR_BAD_CERTIFICATE",
      `the certificate in ${name} can't be read`,
      cause,
    );
  }
}

/** An error with a code of node's, or of this library's, by which `failure.ts` finds its explanation. */
export function failure(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

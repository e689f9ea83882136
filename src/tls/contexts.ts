/**
 * What `node:tls` makes of certificates and keys.
 *
 * @module
 */

import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import type { CertifiedKey } from "./params.ts";
import type { TlsSettings } from "./settings.ts";

/** The contexts of settings: what parsing certificates and keys has brought. */
export class Contexts {
  /** Names the authorities of the settings: it is the same only where they are the same. */
  readonly trust: string;
  readonly #settings: TlsSettings;
  readonly #made = new Map<CertifiedKey | undefined, tls.SecureContext>();

  constructor(settings: TlsSettings) {
    this.#settings = settings;
    const { certified, names, caCerts = [] } = settings;
    caCerts.forEach((pem) => checkPem("caCerts", pem));
    this.trust = createHash("sha256").update(JSON.stringify(caCerts)).digest(
      "base64",
    );
    for (const each of [certified, ...names.values()]) {
      if (each !== undefined) checkPair(each);
    }
  }

  /** That of `cert` and `key`. */
  get own(): tls.SecureContext {
    return this.#context(this.#settings.certified);
  }

  /** That for a client that asks for `name`, if there is one. */
  for(name: string): tls.SecureContext | undefined {
    const certified = this.#settings.certifiedFor(name);
    return certified && this.#context(certified);
  }

  #context(certified: CertifiedKey | undefined): tls.SecureContext {
    let context = this.#made.get(certified);
    if (context === undefined) {
      const { mode, caCerts } = this.#settings;
      context = tls.createSecureContext({
        ...certified,
        // A client trusts them besides the others; a server trusts nobody else.
        ca: caCerts && mode === "client"
          ? [...tls.rootCertificates, ...caCerts]
          : caCerts,
      });
      this.#made.set(certified, context);
    }
    return context;
  }
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

/** An error with a code of node's, or of ours, by which its words are found. */
export function failure(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

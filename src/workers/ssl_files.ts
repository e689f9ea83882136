/**
 * The `sslparams` that workers are given: a URL in them is a file that each
 * worker reads itself, so that the process never holds the key.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
} from "../tls/params.ts";

/** A text in PEM, or the `file:` URL of a file with it. */
export type PemOrFile = string | URL;

/**
 * How workers secure their connections: as {@linkcode SslParams} of a server,
 * where each text in PEM may also be the `file:` URL of a file. Each worker reads
 * it when it starts, and needs the permission to.
 */
export type WorkerSslParams =
  & Omit<SslParams, "cert" | "key" | "caCerts" | "sni">
  & {
    /** The certificate; those of the authorities in between follow it. */
    cert?: PemOrFile;
    /** The private key of `cert`. */
    key?: PemOrFile;
    /** The authorities of client certificates. */
    caCerts?: PemOrFile[];
    /** Certificates by name. */
    sni?: Record<string, { cert: PemOrFile; key: PemOrFile }>;
  };

/** A file, in a form that can be posted to a worker. */
interface FileName {
  file: string;
}

/**
 * Makes of `sslparams` what can be posted to a worker. What has no files is
 * checked now, the rest by the worker.
 *
 * @throws {TypeError} when they are wrong, or a URL is not one of a file
 */
export function postableSslParams(call: string, given: unknown): unknown {
  if (typeof given !== "object" || given === null) {
    throw wrongType(call, "sslparams", "an object", given);
  }
  let hasFiles = false;
  const postable = mapped(given, (value) => {
    if (!(value instanceof URL)) return undefined;
    if (value.protocol !== "file:") {
      const expected = 'PEM text or a "file:" URL';
      throw wrongType(call, "a text of sslparams", expected, value.protocol);
    }
    hasFiles = true;
    return { file: value.href } satisfies FileName;
  });
  if (!hasFiles) checkSslParams(call, given, "server");
  return postable;
}

/**
 * The `sslparams` of a worker: those of its options, with their files read, or
 * those that the handler's module exports.
 *
 * @throws {TypeError} when there are both, or they are wrong
 */
export function workerSslParams(
  posted: unknown,
  exported: SslParams | SslParamsSource | undefined,
): SslParams | SslParamsSource | undefined {
  if (posted === undefined) return exported;
  const call = "addworkers()";
  if (exported !== undefined) {
    throw new TypeError(
      `${call}: sslparams are given twice; give the option, or export them from the handler's module`,
    );
  }
  const params = mapped(posted, (value) => {
    const { file } = value as Partial<FileName>;
    if (typeof file !== "string") return undefined;
    return Deno.readTextFileSync(new URL(file));
  });
  checkSslParams(call, params, "server");
  return params;
}

/** A copy in which `replace` has replaced some of the objects, at any depth. */
function mapped(value: unknown, replace: (value: object) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((each) => mapped(each, replace));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, mapped(each, replace)]),
  );
}

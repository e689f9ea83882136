/**
 * A certificate as `node:tls` shows it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { PeerCertificate } from "../tls/session.ts";

/** What `getPeerCertificate` gives. */
export interface NodeCertificate {
  /** Whose it is, by the short names of X.509: `CN`, `O`, `OU` … */
  subject: Record<string, string | string[]>;
  /** Who issued it. */
  issuer: Record<string, string | string[]>;
  /** Its other names, as OpenSSL writes them: `DNS:example.com`. */
  subjectaltname?: string;
  /** Its serial number, in hexadecimal. */
  serialNumber: string;
  /** From when on it is valid, as text. */
  valid_from: string;
  /** Until when, as text. */
  valid_to: string;
  /** The SHA-256 of `raw`, in hexadecimal with colons. */
  fingerprint256: string;
  /** The certificate in DER. */
  raw: Buffer;
}

/** The certificate as node shows it. */
export function nodeCertificate(of: PeerCertificate): NodeCertificate {
  return {
    subject: of.subject,
    issuer: of.issuer,
    subjectaltname: of.subjectaltname,
    serialNumber: of.serialnumber,
    valid_from: of.validfrom.toUTCString(),
    valid_to: of.validto.toUTCString(),
    fingerprint256: of.fingerprint256,
    raw: Buffer.from(of.raw),
  };
}

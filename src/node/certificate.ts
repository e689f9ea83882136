/**
 * A certificate as `node:tls` shows it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { PeerCertificate } from "../tls/session.ts";

/** What `getPeerCertificate` gives. */
export interface NodeCertificate {
  subject: Record<string, string | string[]>;
  issuer: Record<string, string | string[]>;
  subjectaltname?: string;
  serialNumber: string;
  valid_from: string;
  valid_to: string;
  fingerprint256: string;
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

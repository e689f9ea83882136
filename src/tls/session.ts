/**
 * What a handshake has brought: the stream inside TLS, and what was agreed.
 *
 * @module
 */

import type { ByteStream } from "../readiness/stream.ts";

/** A peer's certificate that was verified. */
export interface PeerCertificate {
  /** Whose it is, by the short names of X.509: `CN`, `O`, `OU` … */
  subject: Record<string, string | string[]>;
  /** Who issued it. */
  issuer: Record<string, string | string[]>;
  /** Its other names, as OpenSSL writes them: `DNS:example.com, email:a@example.com`. */
  subjectaltname?: string;
  /** Its serial number, in hexadecimal. */
  serialnumber: string;
  /** From when on it is valid. */
  validfrom: Date;
  /** Until when. */
  validto: Date;
  /** The SHA-256 of `raw`, in hexadecimal with colons. */
  fingerprint256: string;
  /** The certificate in DER. */
  raw: Uint8Array<ArrayBuffer>;
}

/** A connection inside TLS, whatever runs the TLS. */
export interface TlsSession {
  /** The connection to ask for addresses and options. */
  readonly conn: Deno.Conn;
  /** What the application sends and receives. */
  readonly stream: ByteStream;
  /** The application protocol that both sides agreed on. */
  readonly alpn: string | null;
  /** The server's name that the client asked for, where it is known. */
  readonly servername: string | null;
  /** The peer's certificate, where it is known. */
  readonly peercertificate: PeerCertificate | null;
}

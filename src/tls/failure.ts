/**
 * Why a handshake failed: the errors of both TLS engines, explained in the same
 * words.
 *
 * @module
 */

import { HandshakeError } from "../errors/errors.ts";

const PLAIN = "the peer speaks no TLS, or a version older than 1.2";
const GONE = "the peer closed the connection during the handshake";
const UNTRUSTED =
  "the peer's certificate is not from an authority that is trusted; give that authority's in caCerts";
const AUTHORITY =
  "the peer's certificate is an authority's own (CA:TRUE, what openssl req -x509 makes by default), " +
  "which can't be a server's; make one with openssl req -x509 … -addext basicConstraints=critical,CA:FALSE";
const EXPIRED =
  "the peer's certificate has expired: the peer needs a new one, or a clock is wrong";
const NOT_YET_VALID =
  "the peer's certificate is not valid yet: the peer needs another one, or a clock is wrong";
const PURPOSE =
  "the peer's certificate is not for this use: a server's extendedKeyUsage must allow serverAuth, a client's clientAuth";
const OTHER_NAME =
  "the peer's certificate is for another name; connect by a name that it has, or give that in servername";
const BAD_CERTIFICATE =
  "a certificate in sslparams is of no use; give the PEM text of one, unchanged";
const BAD_ENCODING =
  "a certificate can't be read, the peer's or one in caCerts";
const NO_PROTOCOL = "both sides have no protocol of alpnProtocols in common";
const NO_CERTIFICATE = "the peer sent no certificate, and requestcert asks";

/** By the code of an error of `node:tls`, or of ours. */
const BY_CODE: Record<string, string> = {
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN,
  ERR_SSL_NO_APPLICATION_PROTOCOL: NO_PROTOCOL,
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: NO_CERTIFICATE,
  ERR_SESSION_NOT_VERIFIED:
    "the peer resumed a session, and no full handshake has verified its certificate here within 12 hours",
  ERR_UNRECOGNIZED_NAME: "no certificate in sni for that name",
  ERR_CA_AS_SERVER: AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  ERR_BAD_KEY:
    "our key is of no use; give the private key of cert, in PEM, not encrypted",
  ERR_BAD_CERTIFICATE: BAD_CERTIFICATE,
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: NOT_YET_VALID,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  // All that node:tls says of most certificates that it refuses (2.9.6).
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    `${UNTRUSTED}; or it is not valid yet, or its extendedKeyUsage does not allow this use`,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ECONNRESET: GONE,
};

/** By what is in the message of an error of Deno's own TLS, which has no codes. */
const BY_MESSAGE: [string, string][] = [
  ["HandshakePayloadTooLarge", "the peer's handshake is too large"],
  ["received corrupt message", PLAIN],
  ["UnknownIssuer", UNTRUSTED],
  ["CaUsedAsEndEntity", AUTHORITY],
  ["NotValidYet", NOT_YET_VALID],
  ["certificate not valid yet", NOT_YET_VALID],
  ["extended key usage", PURPOSE],
  ["Unable to add pem file", BAD_CERTIFICATE],
  ["BadEncoding", BAD_ENCODING],
  ["certificate: Expired", EXPIRED],
  ["not valid for name", OTHER_NAME],
  ["any known protocol", NO_PROTOCOL],
  ["sent no certificates", NO_CERTIFICATE],
];

/** By the alert that the peer sent. */
const BY_ALERT: Record<string, string> = {
  UnknownCA: "it does not trust our certificate",
  BadCertificate: "it does not accept our certificate",
  CertificateUnknown: "it does not accept our certificate",
  UnsupportedCertificate: "it does not accept our certificate",
  CertificateExpired: "our certificate has expired",
  CertificateRequired: "it wants a certificate; give cert and key",
  NoApplicationProtocol: "it speaks no protocol of alpnProtocols",
  UnrecognisedName: "it does not know the server name",
  ProtocolVersion: "it speaks no version of TLS in common",
};

/** The {@linkcode HandshakeError} for the error of an engine; `messagePrefix` says what failed, with which peer. */
export function handshakeError(
  messagePrefix: string,
  cause: unknown,
): HandshakeError {
  return new HandshakeError(`${messagePrefix}: ${explanation(cause)}`, {
    cause,
  });
}

function explanation(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { message } = cause;
  const alert = /received fatal alert: (\w+)/.exec(message)?.[1];
  if (alert !== undefined) {
    const why = BY_ALERT[alert];
    return `the peer refused (${alert})${why === undefined ? "" : `: ${why}`}`;
  }
  const { code } = cause as { code?: unknown };
  const words = BY_CODE[String(code)] ??
    BY_MESSAGE.find(([part]) => message.includes(part))?.[1];
  if (words !== undefined) return `${words} (${message})`;
  const isGone = cause instanceof Deno.errors.UnexpectedEof ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.BrokenPipe;
  return isGone ? GONE : message;
}

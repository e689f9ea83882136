/**
 * TLS by `node:tls`, for what Deno's own has not: the server's side of an
 * accepted connection, certificates by name, client certificates.
 *
 * It is loaded only when it is needed.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";
import { isAddress } from "../net/address.ts";
import { DuplexBridge } from "../readiness/duplex_bridge.ts";
import { type Contexts, contextsOf, failure } from "./contexts.ts";
import type { PeerCertificate, TlsSession } from "./session.ts";
import type { TlsSettings } from "./settings.ts";
import { TlsStream } from "./node_stream.ts";
import { VerifiedCertificates } from "./verified.ts";

/** Room for the first read: a client that stays silent must be cheap. */
const FIRST_READ = 1024;
/** The first byte of a handshake. */
const HANDSHAKE = 0x16;

/** The alerts of RFC 8446, section 6, that a server sends before the handshake is encrypted. */
const ALERTS: Record<string, number> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 70,
  ERR_UNRECOGNIZED_NAME: 112,
  ERR_SSL_NO_APPLICATION_PROTOCOL: 120,
};
const HANDSHAKE_FAILURE = 40;

/**
 * The server's side of the handshake on `conn`, which its caller closes when this
 * fails.
 *
 * @param first bytes of the handshake that have been read already
 */
export async function acceptTls(
  conn: Deno.Conn,
  settings: TlsSettings,
  first?: Uint8Array,
): Promise<TlsSession> {
  const contexts = contextsOf(settings);
  const hello = first ?? await firstBytes(conn);
  const bridge = new DuplexBridge(conn, hello);
  try {
    if (hello[0] !== HANDSHAKE) {
      throw failure("ERR_SSL_WRONG_VERSION_NUMBER", "not a TLS handshake");
    }
    return await serve(conn, bridge, settings, contexts);
  } catch (error) {
    bridge.destroy();
    if (bridge.sent === 0) await sendAlert(conn, error);
    throw error;
  }
}

async function firstBytes(conn: Deno.Conn): Promise<Uint8Array> {
  const into = new Uint8Array(FIRST_READ);
  const count = await conn.read(into);
  if (count === null) {
    throw new Deno.errors.UnexpectedEof("closed before the handshake");
  }
  return into.subarray(0, count);
}

/**
 * One server object a connection: only so can its events be told apart. It
 * never listens and costs next to nothing (20 µs), because its certificates
 * come from contexts that are made once.
 *
 * It must be a server: a bare `TLSSocket` lets a client in whose certificate
 * is not trusted, in spite of `rejectUnauthorized` (Deno 2.9.6).
 */
function serve(
  conn: Deno.Conn,
  bridge: DuplexBridge,
  settings: TlsSettings,
  contexts: Contexts,
): Promise<TlsSession> {
  const { promise, resolve, reject } = Promise.withResolvers<TlsSession>();
  const { requestcert } = settings;
  const server = tls.createServer({
    handshakeTimeout: 0, // it would use a timer of node's; ours is the dispatcher's
    ALPNProtocols: settings.alpnProtocols,
    requestCert: requestcert !== false,
    rejectUnauthorized: requestcert === true,
    // Deno calls it also for a client without a name, and takes only an answer that comes at once.
    SNICallback: (name, answer) => {
      const context = contexts.for(name);
      if (context !== undefined) return answer(null, context);
      answer(failure("ERR_UNRECOGNIZED_NAME", unknownName(name)));
    },
  });
  server.on("tlsClientError", (error: Error, engine: tls.TLSSocket) => {
    const why = engine?.authorizationError;
    // Without it the error would only say that the socket hung up.
    reject(why ? failure(String(why), "client certificate", error) : error);
  });
  server.on("secureConnection", (engine: tls.TLSSocket) => {
    const stream = new TlsStream(engine, bridge, conn);
    try {
      resolve({
        conn,
        stream,
        alpn: engine.alpnProtocol || null,
        // Typed without it, as it is not in the class that both sides share.
        servername: (engine as { servername?: string }).servername || null,
        peercertificate: requestcert === false
          ? null
          : verifiedCertificate(engine, requestcert === true, contexts.trust),
      });
    } catch (error) {
      reject(error);
    }
  });
  rejectOnEnd(bridge, reject);
  server.emit("connection", bridge);
  return promise;
}

function unknownName(name: string): string {
  return name === ""
    ? "the client asks for no name"
    : `the client asks for ${JSON.stringify(name)}`;
}

const verified = new VerifiedCertificates();

/**
 * The client's certificate. It is checked here once more: what an engine lets
 * through must not decide alone. The engine's verdict on a resumed session may
 * be another server's, so there only what was verified before counts.
 */
function verifiedCertificate(
  engine: tls.TLSSocket,
  isRequired: boolean,
  trust: string,
): PeerCertificate | null {
  const given = engine.getPeerCertificate();
  const isThere = given?.raw !== undefined;
  if (!isThere && !isRequired) return null;
  if (!isThere) {
    throw failure("ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "none came");
  }
  if (!engine.authorized) {
    throw failure(String(engine.authorizationError), "client certificate");
  }
  const certificate = peerCertificate(given);
  // An engine that does not tell is taken for one that resumes.
  if (engine.isSessionReused() === false) {
    verified.add(trust, certificate, Date.now());
  } else if (!verified.has(trust, certificate, Date.now())) {
    throw failure("ERR_SESSION_NOT_VERIFIED", "resumed session");
  }
  return certificate;
}

/** The client's side of the handshake on `conn`, which its caller closes when this fails. */
export async function connectTls(
  conn: Deno.Conn,
  settings: TlsSettings,
  name: string,
): Promise<TlsSession> {
  const contexts = contextsOf(settings);
  const bridge = new DuplexBridge(conn);
  const { promise, resolve, reject } = Promise.withResolvers<TlsSession>();
  try {
    const engine = tls.connect({
      socket: bridge as Duplex,
      // SNI is for names; an address is only checked against the certificate.
      host: name,
      servername: isAddress(name) ? "" : name,
      secureContext: contexts.own,
      ALPNProtocols: settings.alpnProtocols,
      rejectUnauthorized: true,
      checkServerIdentity,
    });
    rejectOnEnd(bridge, reject);
    engine.on("error", reject);
    engine.on("secureConnect", () => {
      const stream = new TlsStream(engine, bridge, conn, true);
      const certificate = engine.getPeerCertificate();
      // Deno's own TLS refuses it: both give the same answer.
      if (isAuthority(certificate)) {
        return reject(failure("ERR_CA_AS_SERVER", "CaUsedAsEndEntity"));
      }
      if (!engine.authorized) {
        return reject(
          failure(String(engine.authorizationError), "server certificate"),
        );
      }
      resolve({
        conn,
        stream,
        alpn: engine.alpnProtocol || null,
        servername: isAddress(name) ? null : name,
        peercertificate: peerCertificate(certificate),
      });
    });
    return await promise;
  } catch (error) {
    bridge.destroy();
    throw error;
  }
}

/** The engine does not mind when the connection ends before the handshake does. */
function rejectOnEnd(
  bridge: DuplexBridge,
  reject: (error: unknown) => void,
): void {
  bridge.onfailure = reject;
  bridge.onend = () =>
    reject(new Deno.errors.UnexpectedEof("closed during the handshake"));
}

/** Node takes a name from the subject where there are no others. Deno's own TLS does not, and neither does RFC 9525. */
function checkServerIdentity(
  name: string,
  certificate: tls.PeerCertificate,
): Error | undefined {
  if (!certificate.subjectaltname) {
    return failure(
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "the certificate has no subjectAltName",
    );
  }
  // Without the subject: it would count where no other name is a host's.
  return tls.checkServerIdentity(name, {
    ...certificate,
    subject: {} as never,
  });
}

function isAuthority({ raw }: tls.PeerCertificate): boolean {
  return raw !== undefined && new X509Certificate(raw).ca;
}

function peerCertificate(certificate: tls.PeerCertificate): PeerCertificate {
  const { subject, issuer, subjectaltname, raw } = certificate;
  return {
    subject: { ...subject } as unknown as PeerCertificate["subject"],
    issuer: { ...issuer } as unknown as PeerCertificate["issuer"],
    subjectaltname,
    serialnumber: certificate.serialNumber,
    validfrom: new Date(certificate.valid_from),
    validto: new Date(certificate.valid_to),
    fingerprint256: certificate.fingerprint256,
    raw: new Uint8Array(raw),
  };
}

/** Tells the client why, which the engine leaves out. Only before anything else was sent: later it would have to be encrypted. */
async function sendAlert(conn: Deno.Conn, error: unknown): Promise<void> {
  const code = (error as { code?: string })?.code ?? "";
  const alert = ALERTS[code] ?? HANDSHAKE_FAILURE;
  try {
    await conn.write(new Uint8Array([21, 3, 3, 0, 2, 2, alert]));
  } catch {
    // The client has gone.
  }
}

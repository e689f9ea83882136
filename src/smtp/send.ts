/**
 * Sends a mail: nodemailer speaks SMTP, over a connection of the dispatcher.
 *
 * @module
 */

import { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import SMTPConnection from "npm:nodemailer@^10.6.0/lib/smtp-connection";
import { formatAddress, isAddress } from "../net/address.ts";
import { ClosedError, HandshakeError } from "../errors/errors.ts";
import type { SslParams } from "../tls/params.ts";
import type { RequestHost } from "../requests/host.ts";
import { ReplyError } from "../requests/reply_error.ts";
import { CallerError, requestError } from "../requests/request_error.ts";
import { abandon, SocketDuplex } from "../requests/socket_duplex.ts";
import { type Mail, readParams, type SmtpParams } from "./params.ts";

/** The library's clocks must not ring before the dispatcher's do: a day. */
const NEVER = 86_400_000;
/** How long a server may take to answer QUIT, in seconds. The mail is sent by then. */
const QUIT_TIMEOUT = 5;

/** What all replies may take, and what each further recipient adds. The library takes blank lines without end. */
const MAX_REPLIES = 128 * 1024;
const MAX_REPLY = 16 * 1024;

/** Sends a mail; resolves to 1. */
export async function send(host: RequestHost, params: SmtpParams): Promise<1> {
  const mail = readParams("send()", params);
  try {
    await deliver(host, mail);
    return 1;
  } catch (error) {
    const server = formatAddress(mail.server, mail.port);
    throw requestError(`Cannot send mail by smtp://${server}`, error);
  }
}

async function deliver(host: RequestHost, mail: Mail): Promise<void> {
  const { signal, timeouts, server, port, secure } = mail;
  const isImplicit = secure === "implicit";
  const socket = host.socket.tcp({
    name: `smtp: ${formatAddress(server, port)}`,
    timeouts,
    sslparams: isImplicit ? mail.sslparams : undefined,
  });
  let duplex: SocketDuplex | undefined;
  try {
    await socket.connect(server, port, { signal });
    duplex = new SocketDuplex(socket);
    duplex.allow(MAX_REPLIES + MAX_REPLY * mail.rcpt.length);
    const session = new Session(host, mail, duplex, await tlsOptions(mail));
    await session.run();
  } catch (error) {
    // Of what the library makes of an error of the socket, the socket's own tells most.
    throw duplex?.failure ?? error;
  } finally {
    duplex?.destroy();
    abandon(socket);
  }
}

/** `sslparams` for STARTTLS, which the library does by `node:tls`. */
async function tlsOptions({ sslparams, secure, server }: Mail) {
  if (secure === "implicit") return {};
  const params: SslParams = typeof sslparams === "function"
    ? await sslparams()
    : sslparams;
  const { cert, key, caCerts, servername } = params;
  const name = servername ?? server;
  return {
    cert,
    key,
    ca: caCerts && [...rootCertificates, ...caCerts],
    host: name,
    servername: isAddress(name) ? "" : name,
    rejectUnauthorized: true,
  };
}

/** One connection's talk with the server. */
class Session {
  readonly #host: RequestHost;
  readonly #mail: Mail;
  readonly #duplex: SocketDuplex;
  readonly #connection: SMTPConnection;
  /** Fails when the connection does; never resolves. */
  readonly #broken = Promise.withResolvers<never>();
  readonly #ended = Promise.withResolvers<void>();

  constructor(
    host: RequestHost,
    mail: Mail,
    duplex: SocketDuplex,
    tls: Record<string, unknown>,
  ) {
    this.#host = host;
    this.#mail = mail;
    this.#duplex = duplex;
    const isImplicit = mail.secure === "implicit";
    this.#connection = new SMTPConnection({
      host: mail.server,
      port: mail.port,
      name: mail.domain,
      // It asks no more of it than to be a stream.
      connection: duplex as never,
      secure: isImplicit,
      secured: isImplicit,
      requireTLS: mail.secure === "required",
      ignoreTLS: mail.secure === "none",
      tls,
      connectionTimeout: NEVER,
      greetingTimeout: NEVER,
      socketTimeout: NEVER,
      socketCloseTimeout: 0,
    });
    this.#broken.promise.catch(() => {});
    this.#connection.on("error", this.#broken.reject);
    this.#connection.on("end", () => {
      this.#ended.resolve();
      this.#broken.reject(new ClosedError("the server closed the connection"));
    });
  }

  /** From the greeting to QUIT. */
  async run(): Promise<void> {
    const connection = this.#connection;
    const { login } = this.#mail;
    try {
      await this.#step((done) => connection.connect(done));
      if (login !== undefined) {
        await this.#step((done) => connection.login(login, done));
      }
      await this.#sendMessage();
      await this.#quit();
    } finally {
      connection.close();
    }
  }

  /** Waits for a call of the library's. */
  async #step<T>(
    call: (done: (error?: Error | null, result?: T) => void) => void,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    promise.catch(() => {});
    call((error, result) => error ? reject(error) : resolve(result as T));
    const { signal } = this.#mail;
    const either = Promise.race([promise, this.#broken.promise]);
    try {
      return await this.#host.wait(either, { signal });
    } catch (error) {
      throw told(error);
    }
  }

  async #sendMessage(): Promise<void> {
    const { from, rcpt, content } = this.#mail;
    const connection = this.#connection;
    const duplex = this.#duplex;
    let failure: unknown;
    async function* chunks() {
      try {
        refuseRejected(connection);
        // It is not the server's turn to speak.
        duplex.setPatience(Infinity);
        yield* content.chunks();
        duplex.setPatience(undefined);
      } catch (error) {
        failure = error;
        // What was sent of the message must not be taken for all of it.
        duplex.destroy();
        throw error instanceof CallerError ? error.error : error;
      }
    }
    const message = Readable.from(chunks(), { objectMode: false });
    try {
      const info = await this.#step<Info>((done) =>
        connection.send({ from, to: rcpt }, message, done as never)
      );
      if (info.rejected.length > 0) throw refusal(connection, info.accepted);
    } catch (error) {
      throw failure ?? error;
    } finally {
      message.destroy();
    }
  }

  /** Sends QUIT. Its outcome does not matter: the mail is sent. */
  async #quit(): Promise<void> {
    const timeout = Math.min(this.#mail.timeouts.receive, QUIT_TIMEOUT);
    this.#connection.quit();
    await this.#host.wait(this.#ended.promise, { timeout }).catch(() => {});
  }
}

interface Info {
  accepted: string[];
  rejected: string[];
}

interface Envelope {
  rejected: string[];
  rejectedErrors: LibraryError[];
}

/** The library tells of refused recipients only when the others have got the mail. In here it knows before. */
function envelopeOf(connection: object): Envelope {
  const { _envelope } = connection as { _envelope?: Envelope };
  return _envelope ?? { rejected: [], rejectedErrors: [] };
}

/** As in LuaSocket: where one recipient is refused, no recipient gets the mail, and it can be sent again. */
function refuseRejected(connection: SMTPConnection): void {
  const { rejected } = envelopeOf(connection);
  if (rejected.length > 0) throw refusal(connection, []);
}

function refusal(connection: SMTPConnection, accepted: string[]): ReplyError {
  const { rejected, rejectedErrors } = envelopeOf(connection);
  const [first] = rejectedErrors;
  const text = String(first?.response ?? "");
  return new ReplyError(
    `the server refuses ${rejected.join(", ")}: ${text}; ${
      accepted.length === 0 ? "nothing was" : "the others were"
    } sent`,
    {
      reply: first?.responseCode ?? 0,
      text,
      refused: rejected,
      accepted,
      cause: first,
    },
  );
}

/** What the library's error means. */
function told(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const { message, responseCode, response, rejected } = error as LibraryError;
  const options = { cause: error };
  // Where the socket itself is well, it is TLS that has failed.
  const isTls = error.code === "ETLS" || error.code === "ESOCKET";
  if (isTls) return new HandshakeError(message, options);
  // So old a server knows no STARTTLS.
  if (message.startsWith("EHLO failed but")) {
    return new HandshakeError(message, options);
  }
  if (responseCode !== undefined) {
    return new ReplyError(
      rejected === undefined
        ? message
        : `the server refuses ${
          rejected.join(", ")
        }: ${response}; nothing was sent`,
      {
        ...options,
        reply: responseCode,
        text: response,
        refused: rejected,
      },
    );
  }
  // A reply without a code, one that can't be expected here, or one without end.
  if (error.code === "EPROTOCOL" || response !== undefined) {
    return new Deno.errors.InvalidData(message, options);
  }
  // What the server has said of itself excludes the login or the mail.
  if (["EAUTH", "EMESSAGE", "EENVELOPE"].includes(String(error.code))) {
    return new ReplyError(message, { ...options, reply: 0 });
  }
  const gone = ["ECONNECTION", "ECONNRESET"];
  return gone.includes(String(error.code))
    ? new ClosedError(message, options)
    : error;
}

interface LibraryError extends Error {
  responseCode?: number;
  response?: string;
  rejected?: string[];
}

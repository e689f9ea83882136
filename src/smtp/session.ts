/**
 * One connection's talk with a mail server: nodemailer speaks SMTP, over a
 * connection of the dispatcher.
 *
 * @module
 */

import { Readable } from "node:stream";
import SMTPConnection from "npm:nodemailer@^10.6.0/lib/smtp-connection";
import { formatAddress, isAddress } from "../net/address.ts";
import { ClosedError } from "../errors/errors.ts";
import { clientContext } from "../tls/contexts.ts";
import type { SslParams } from "../tls/params.ts";
import type { RequestHost } from "../requests/host.ts";
import { ReplyError } from "../requests/reply_error.ts";
import { CallerError } from "../requests/request_error.ts";
import { abandon, SocketDuplex } from "../requests/socket_duplex.ts";
import { refusal, refuseRejected, told } from "./failure.ts";
import type { Login, Mail, MailServer } from "./params.ts";

/** The library's clocks must not ring before the dispatcher's do: a day. */
const NEVER = 86_400_000;
/** How long a server may take to answer QUIT, in seconds. The mail is sent by then. */
const QUIT_TIMEOUT = 5;

/** What all replies may take, and what each further recipient adds. The library takes blank lines without end. */
const MAX_REPLIES = 128 * 1024;
const MAX_REPLY = 16 * 1024;

/** What the library tells of a mail that the server has taken. */
export interface Info {
  accepted: string[];
  rejected: string[];
  response?: string;
}

/**
 * A session. It is logged in once it is open, and then sends one mail after the
 * other. A reply that refuses leaves it open; after any other failure it is
 * over.
 */
export class SmtpSession {
  readonly #host: RequestHost;
  readonly #server: MailServer;
  readonly #duplex: SocketDuplex;
  readonly #connection: SMTPConnection;
  /** Fails when the connection does; never resolves. */
  readonly #broken = Promise.withResolvers<never>();
  readonly #ended = Promise.withResolvers<void>();
  #signal?: AbortSignal;
  #isBusy = false;
  #isOver = false;
  /** The server still knows of a mail that was not sent. */
  #isToReset = false;

  private constructor(
    host: RequestHost,
    server: MailServer,
    duplex: SocketDuplex,
    tls: Record<string, unknown>,
  ) {
    this.#host = host;
    this.#server = server;
    this.#duplex = duplex;
    this.#signal = server.signal;
    const isImplicit = server.secure === "implicit";
    this.#connection = new SMTPConnection({
      host: server.server,
      port: server.port,
      name: server.domain,
      // It asks no more of it than to be a stream.
      connection: duplex as never,
      secure: isImplicit,
      secured: isImplicit,
      requireTLS: server.secure === "required",
      ignoreTLS: server.secure === "none",
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

  /** Connects and logs in. `recipients` will be in its first mail. */
  static async open(
    host: RequestHost,
    given: MailServer,
    recipients: number,
  ): Promise<SmtpSession> {
    const { signal, timeouts, server, port, secure } = given;
    const socket = host.socket.tcp({
      name: `smtp: ${formatAddress(server, port)}`,
      timeouts,
      sslparams: secure === "implicit" ? given.sslparams : undefined,
    });
    let duplex: SocketDuplex | undefined;
    try {
      await socket.connect(server, port, { signal });
      duplex = new SocketDuplex(socket);
      duplex.allow(MAX_REPLIES + MAX_REPLY * recipients);
      const tls = await tlsOptions(given);
      const session = new SmtpSession(host, given, duplex, tls);
      await session.#begin();
      return session;
    } catch (error) {
      duplex?.destroy();
      abandon(socket);
      // Of what the library makes of an error of the socket, the socket's own tells most.
      throw duplex?.failure ?? error;
    }
  }

  async #begin(): Promise<void> {
    try {
      await this.#step((done) => this.#connection.connect(done));
      const { login } = this.#server;
      if (login !== undefined) {
        await this.#login(login);
      }
      this.#duplex.setPatience(Infinity); // it is the client's turn
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #login(login: Login): Promise<void> {
    let failure: unknown;
    const auth = authOf(login, (error) => {
      failure = error;
    });
    try {
      await this.#step((done) => this.#connection.login(auth, done));
    } catch (error) {
      throw failure ?? error;
    }
  }

  /**
   * Sends a mail.
   *
   * @throws {ClosedError} when the session is over
   * @throws {Deno.errors.Busy} when it sends another mail
   */
  async send(mail: Mail, signal?: AbortSignal): Promise<Info> {
    if (this.#isOver) throw new ClosedError("the session is closed");
    if (this.#isBusy) {
      throw new Deno.errors.Busy(
        "the session sends another mail; await that first, or open another one",
      );
    }
    this.#isBusy = true;
    this.#signal = signal;
    const duplex = this.#duplex;
    duplex.allow(MAX_REPLIES + MAX_REPLY * mail.rcpt.length);
    duplex.setPatience(undefined);
    try {
      if (this.#isToReset) {
        await this.#step((done) => this.#connection.reset(done as never));
      }
      this.#isToReset = true;
      const info = await this.#sendMessage(mail);
      this.#isToReset = false;
      return info;
    } catch (error) {
      const failure = duplex.failure ?? error;
      if (!(failure instanceof ReplyError) || duplex.destroyed) this.close();
      throw failure;
    } finally {
      this.#isBusy = false;
      duplex.setPatience(Infinity); // it is the client's turn
    }
  }

  /** Waits for a call of the library's. */
  async #step<T>(
    call: (done: (error?: Error | null, result?: T) => void) => void,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    promise.catch(() => {});
    call((error, result) => error ? reject(error) : resolve(result as T));
    const either = Promise.race([promise, this.#broken.promise]);
    try {
      return await this.#host.wait(either, { signal: this.#signal });
    } catch (error) {
      throw told(error);
    }
  }

  async #sendMessage({ from, rcpt, content }: Mail): Promise<Info> {
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
      return info;
    } catch (error) {
      throw failure ?? error;
    } finally {
      message.destroy();
    }
  }

  /** Sends QUIT, and closes the session. The outcome of QUIT does not matter: the mail is sent. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    if (!this.#isBusy) {
      const timeout = Math.min(this.#server.timeouts.receive, QUIT_TIMEOUT);
      this.#isOver = true;
      this.#connection.quit();
      await this.#host.wait(this.#ended.promise, { timeout }).catch(() => {});
    }
    this.close();
  }

  /** Closes the session at once. */
  close(): void {
    this.#isOver = true;
    this.#connection.close();
    this.#duplex.destroy();
    this.#broken.reject(new ClosedError("the session was closed"));
  }
}

/** `sslparams` for STARTTLS, which the library does by `node:tls`. */
async function tlsOptions({ sslparams, secure, server }: MailServer) {
  if (secure === "implicit") return {};
  const params: SslParams = typeof sslparams === "function"
    ? await sslparams()
    : sslparams;
  const { cert, key, caCerts, servername } = params;
  const certificate = cert !== undefined && key !== undefined
    ? { cert, key }
    : undefined;
  const name = servername ?? server;
  return {
    secureContext: clientContext(certificate, caCerts),
    host: name,
    servername: isAddress(name) ? "" : name,
    rejectUnauthorized: true,
  };
}

/** A login as the library takes it. A token is asked for again when the server refuses the first one. */
function authOf(
  { user, pass, token }: Login,
  failed: (error: unknown) => void,
): Parameters<SMTPConnection["login"]>[0] {
  if (token === undefined) return { user, pass };
  const getToken = (
    renew: boolean,
    done: (error: Error | null, token?: string) => void,
  ) => {
    token(renew).then((text) => done(null, text), (error) => {
      failed(error);
      done(new Error("there is no token"));
    });
  };
  const buildXOAuth2Token = (text: string) =>
    btoa(`user=${user}\x01auth=Bearer ${text}\x01\x01`);
  return { user, oauth2: { getToken, buildXOAuth2Token } as never };
}

/**
 * One FTP session: basic-ftp speaks the protocol, over connections of the
 * dispatcher.
 *
 * @module
 */

import { Client, FTPError } from "npm:basic-ftp@~6.2.6";
import { formatAddress } from "../net/address.ts";
import { ClosedError, TooLongError } from "../errors/errors.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { RequestHost } from "../requests/host.ts";
import { ReplyError } from "../requests/reply_error.ts";
import { abandon } from "../requests/socket_duplex.ts";
import { ControlDuplex, DataDuplex } from "./duplex.ts";
import type { FtpTarget } from "./params.ts";

/** What a reply may take before the library reads them. */
const MAX_LINE = 8192;
const MAX_LINES = 100;
/** What all replies of a session may take. */
const MAX_REPLIES = 16 * 1024 * 1024;
/** How long a server may take to answer QUIT, in seconds. */
const QUIT_TIMEOUT = 5;

/** A session, logged in. */
export class FtpSession {
  readonly #host: RequestHost;
  readonly #target: FtpTarget;
  readonly #client = new Client(0, { allowSeparateTransferHost: false });
  #control?: ControlDuplex;
  #failure?: Error;

  private constructor(host: RequestHost, target: FtpTarget) {
    this.#host = host;
    this.#target = target;
  }

  /** Connects, logs in, calls `work`, and ends the session whatever comes of it. */
  static async run<T>(
    host: RequestHost,
    target: FtpTarget,
    work: (session: FtpSession) => Promise<T>,
  ): Promise<T> {
    const session = new FtpSession(host, target);
    try {
      await session.#open();
      const result = await work(session);
      await session.#quit();
      return result;
    } catch (error) {
      throw session.#failureOf(error);
    } finally {
      session.#client.close();
      session.#control?.destroy();
    }
  }

  /** Waits for a call of the library's. */
  async wait<T>(call: (client: Client) => Promise<T>): Promise<T> {
    const promise = call(this.#client);
    const { signal } = this.#target;
    return await this.#host.wait(promise, { signal });
  }

  /** Sends a command; resolves to the reply. */
  async command(line: string): Promise<{ code: number; message: string }> {
    return await this.wait((client) => client.sendIgnoringError(line));
  }

  #socket(kind: string, sslparams?: SslParams | SslParamsSource): StreamSocket {
    const { host, port, timeouts } = this.#target;
    const name = `ftp ${kind}: ${formatAddress(host, port)}`;
    return this.#host.socket.tcp({
      name,
      timeouts,
      sslparams,
      maxline: MAX_LINE,
    });
  }

  async #open(): Promise<void> {
    const { host, port, secure, sslparams, signal, user, password, type } =
      this.#target;
    const socket = this.#socket(
      "control",
      secure === "implicit" ? sslparams : undefined,
    );
    let control: ControlDuplex;
    try {
      await socket.connect(host, port, { signal });
      const greeting = secure === "explicit" ? await this.#secure(socket) : "";
      control = this.#control = new ControlDuplex(socket, greeting);
      control.limit = MAX_REPLIES;
    } catch (error) {
      abandon(socket);
      throw error;
    }
    const { ftp } = this.#client;
    let isControl = true;
    // The library's own way to replace its sockets, for its tests.
    ftp._newSocket = () => {
      const duplex = isControl ? control : this.#data(control);
      isControl = false;
      return duplex as never;
    };
    await this.wait((client) => client.connect(host, port));
    await this.wait((client) => client.login(user, password));
    if (secure !== false) {
      // Both must succeed: the data have to be secured as well.
      await this.wait((client) => client.send("PBSZ 0"));
      await this.wait((client) => client.send("PROT P"));
    }
    await this.wait((client) => client.send(`TYPE ${type.toUpperCase()}`));
  }

  #data(control: ControlDuplex): DataDuplex {
    const { secure, sslparams, signal, host } = this.#target;
    return new DataDuplex({
      socket: () => this.#socket("data"),
      signal,
      sslparams: secure === false ? undefined : named(sslparams, host),
      onbegin: () => control.setPatience(Infinity),
      onend: () => control.setPatience(undefined),
      onfail: (error) => this.#failure ??= error,
    });
  }

  /** The greeting, and then TLS. Nothing that came before it is believed after it. */
  async #secure(socket: StreamSocket): Promise<string> {
    const { signal, sslparams } = this.#target;
    const greeting = await reply(socket, signal);
    if (!greeting.startsWith("2")) throw replyError(greeting);
    await socket.send("AUTH TLS\r\n", { signal });
    const answer = await reply(socket, signal);
    if (!answer.startsWith("234")) throw replyError(answer);
    await socket.dohandshake(sslparams, { signal });
    return greeting;
  }

  /** Sends QUIT. Its outcome does not matter: the work is done. */
  async #quit(): Promise<void> {
    const timeout = Math.min(this.#target.timeouts.receive, QUIT_TIMEOUT);
    const answer = this.#client.sendIgnoringError("QUIT");
    await this.#host.wait(answer, { timeout }).catch(() => {});
  }

  /** What the library's error means. The socket's own tells most. */
  #failureOf(error: unknown): unknown {
    const failure = this.#failure ?? this.#control?.failure;
    if (failure !== undefined) return failure;
    if (error instanceof FTPError) return replyError(error.message, error);
    if (!(error instanceof Error)) return error;
    // Of a server that opens no data connection, the library shows its last reply.
    const last = /strategies work\. .*'(?:FTP)?Error: (\d{3}.*)'/s.exec(
      error.message,
    );
    if (last !== null) return replyError(last[1], error);
    if (/exceeded maximum allowed size/.test(error.message)) {
      return new TooLongError(error.message, { cause: error });
    }
    if (/Can't parse response/.test(error.message)) {
      return new Deno.errors.InvalidData(error.message, { cause: error });
    }
    return /FIN packet|closed|PASV returned/i.test(error.message) &&
        error.constructor === Error
      ? new ClosedError("the server closed the connection too early", {
        cause: error,
      })
      : error;
  }
}

/** A reply, all of its lines. */
async function reply(
  socket: StreamSocket,
  signal?: AbortSignal,
): Promise<string> {
  const lines: string[] = [];
  for (;;) {
    const line = await socket.receive("*l", { signal });
    if (line === null || lines.length === MAX_LINES) {
      throw new ClosedError("the server closed the connection, or never ends");
    }
    lines.push(line);
    if (lines.length === 1 && !/^\d{3}-/.test(line)) break;
    if (lines.length > 1 && line.startsWith(`${lines[0].slice(0, 3)} `)) break;
  }
  return lines.join("\r\n") + "\r\n";
}

function replyError(text: string, cause?: Error): ReplyError {
  const said = text.trim();
  const code = Number(/^\d{3}/.exec(said)?.[0] ?? 0);
  const options = { reply: code, text: said, cause };
  return new ReplyError(`the server replies: ${said}`, options);
}

/** The data connection is to an address; it is the server's name that must be proved. */
function named(
  given: SslParams | SslParamsSource,
  servername: string,
): SslParams | SslParamsSource {
  return typeof given === "function"
    ? async () => ({ servername, ...await given() })
    : { servername, ...given };
}

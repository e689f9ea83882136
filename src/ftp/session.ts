/**
 * One FTP session: basic-ftp speaks the protocol, over connections of the
 * dispatcher.
 *
 * @module
 */

import { Client, FileInfo, FTPError } from "npm:basic-ftp@~6.2.6";
import { formatAddress } from "../net/address.ts";
import { ClosedError, CopasError, TooLongError } from "../errors/errors.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { RequestHost } from "../requests/host.ts";
import { ReplyError } from "../requests/reply_error.ts";
import { abandon } from "../requests/socket_duplex.ts";
import { ControlDuplex, DataDuplex } from "./duplex.ts";
import type { FtpTarget } from "./params.ts";

export type { FileInfo };

/** What a reply may take before the library reads them. */
const MAX_LINE = 8192;
const MAX_LINES = 1000;
/** What all replies of a session may take. */
const MAX_REPLIES = 1024 * 1024;
/** How much of a reply a message shows. */
const MAX_SHOWN = 500;
/** Replies that say that the data connection has failed. Why, its own error tells. */
const DATA_FAILED = [425, 426, 522];
/** How long a server may take to answer QUIT, in seconds. */
const QUIT_TIMEOUT = 5;

/**
 * A session. It is logged in once it is open, and then does one thing after the
 * other. A reply that refuses leaves it as it is; after any other failure it is
 * unknown what the server does, and the session is over.
 */
export class FtpSession {
  readonly #host: RequestHost;
  readonly #target: FtpTarget;
  readonly #client = new Client(0, { allowSeparateTransferHost: false });
  #control?: ControlDuplex;
  #failure?: Error;
  #signal?: AbortSignal;
  #isBusy = false;
  #isOver = false;

  private constructor(host: RequestHost, target: FtpTarget) {
    this.#host = host;
    this.#target = target;
    this.#signal = target.signal;
  }

  /** Connects and logs in. */
  static async open(
    host: RequestHost,
    target: FtpTarget,
  ): Promise<FtpSession> {
    const session = new FtpSession(host, target);
    try {
      await session.#open();
    } catch (error) {
      session.close();
      throw session.#failureOf(error);
    }
    session.#rest();
    return session;
  }

  /** Connects, logs in, calls `work`, and ends the session whatever comes of it. */
  static async run<T>(
    host: RequestHost,
    target: FtpTarget,
    work: (session: FtpSession) => Promise<T>,
  ): Promise<T> {
    const session = await FtpSession.open(host, target);
    try {
      const result = await session.do(work, target.signal);
      await session.end();
      return result;
    } finally {
      session.close();
    }
  }

  /**
   * Calls `work`, which has the session for itself.
   *
   * @throws {ClosedError} when the session is over
   * @throws {Deno.errors.Busy} when it does something else
   */
  async do<T>(
    work: (session: FtpSession) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#isOver) throw new ClosedError("the session is closed");
    if (this.#isBusy) {
      throw new Deno.errors.Busy(
        "the session does something else; await that first, or open another one",
      );
    }
    this.#begin(signal);
    try {
      return await work(this);
    } catch (error) {
      const failure = this.#failureOf(error);
      if (!(failure instanceof ReplyError)) this.close();
      throw failure;
    } finally {
      this.#rest();
    }
  }

  #begin(signal?: AbortSignal): void {
    this.#isBusy = true;
    this.#signal = signal;
    this.#failure = undefined;
    this.#control?.setPatience(undefined);
    this.#control?.allow(MAX_REPLIES);
  }

  /** It is not the server's turn to speak. */
  #rest(): void {
    this.#isBusy = false;
    this.#control?.setPatience(Infinity);
  }

  /** Says good-bye, and closes the session. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    if (!this.#isBusy) await this.#quit();
    this.close();
  }

  /** Closes the session at once. */
  close(): void {
    this.#isOver = true;
    this.#client.close();
    this.#control?.destroy();
  }

  /** Waits for a call of the library's. */
  async wait<T>(call: (client: Client) => Promise<T>): Promise<T> {
    const promise = call(this.#client);
    return await this.#host.wait(promise, { signal: this.#signal });
  }

  /** The entries of a folder: exactly, where the server can say them so. */
  async list(path: string): Promise<FileInfo[]> {
    const features = await this.wait((client) => client.features());
    if (features.has("MLST")) {
      this.#client.availableListCommands = ["MLSD", "LIST -a", "LIST"];
    }
    const all = await this.wait((client) => client.list(path));
    return all.filter(({ name }) => !/^\.\.?$|[/\\]/.test(name));
  }

  /** The names in a folder. The library has no such call, but lets one name the command and the parser of its own. */
  async nlst(path: string): Promise<string[]> {
    const client = this.#client;
    const { availableListCommands, parseList } = client;
    client.availableListCommands = ["NLST"];
    client.parseList = (text) =>
      text.split(/\r?\n/).filter((name) => name !== "")
        .map((name) => new FileInfo(name));
    try {
      const all = await this.wait((client) => client.list(path));
      return all.map(({ name }) => name);
    } finally {
      Object.assign(client, { availableListCommands, parseList });
    }
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
      control.allow(MAX_REPLIES);
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
    const { secure, sslparams, host } = this.#target;
    return new DataDuplex({
      socket: () => this.#socket("data"),
      signal: this.#signal,
      sslparams: secure === false ? undefined : named(sslparams, host),
      onbegin: () => control.setPatience(Infinity),
      onend: () => {
        if (this.#isBusy) control.setPatience(undefined);
      },
      onfail: (error) => this.#failure ??= error,
    });
  }

  /** The greeting, and then TLS. Nothing that came before it is believed after it. */
  async #secure(socket: StreamSocket): Promise<string> {
    const { signal, sslparams } = this.#target;
    let greeting = await reply(socket, signal);
    // "Ready in some minutes": the real one follows.
    for (let i = 0; greeting.startsWith("120") && i < MAX_LINES; i++) {
      greeting = await reply(socket, signal);
    }
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

  /** What the library's error means. The socket's own tells most, but for a reply that refuses. */
  #failureOf(error: unknown): unknown {
    if (error instanceof FTPError && !DATA_FAILED.includes(error.code)) {
      return replyError(error.message, error);
    }
    if (error instanceof CopasError) return error;
    const failures = [this.#failure, this.#control?.failure];
    const failure = failures.find((each) => each && !isPortError(each));
    if (failure !== undefined) return failure;
    if (error instanceof FTPError) return replyError(error.message, error);
    if (!(error instanceof Error)) return error;
    // Of a server that opens no data connection, the library shows its last reply.
    const last = /strategies work\. .*'(?:FTP)?Error: (\d{3}.*)'/s.exec(
      error.message,
    );
    if (last !== null) return replyError(last[1], error);
    const options = { cause: error };
    if (/exceeded maximum allowed size/.test(error.message)) {
      return new TooLongError("a reply is longer than 64 KiB", options);
    }
    const unread = /Can't parse response to .*|PASV returned another host/s;
    const said = unread.exec(error.message)?.[0];
    if (said !== undefined || isPortError(error)) {
      const name = said ?? "the server names a port that is none";
      return new Deno.errors.InvalidData(name.slice(0, MAX_SHOWN), options);
    }
    return /FIN packet|closed/i.test(error.message) &&
        error.constructor === Error
      ? new ClosedError("the server closed the connection too early", options)
      : error;
  }
}

/** Whether the server named a port for data to which no socket can connect. */
function isPortError(error: Error): boolean {
  return error instanceof RangeError && /the port/.test(error.message);
}

/** A reply, all of its lines. What comes before it is no reply, and is dropped. */
async function reply(
  socket: StreamSocket,
  signal?: AbortSignal,
): Promise<string> {
  const lines: string[] = [];
  for (let count = 0;; count++) {
    const line = await socket.receive("*l", { signal });
    if (line === null) {
      throw new ClosedError("the server closed the connection too early");
    }
    if (count === MAX_LINES) {
      throw new TooLongError(`a reply has more than ${MAX_LINES} lines`);
    }
    if (lines.length === 0 && !/^\d{3}(?:[ -]|$)/.test(line)) continue;
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
  return new ReplyError(
    `the server replies: ${said.slice(0, MAX_SHOWN)}`,
    options,
  );
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

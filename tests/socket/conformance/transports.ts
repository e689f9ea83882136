/**
 * Every kind of stream that a stream socket can work on, each with a peer that is
 * plain Deno: the conformance suite runs over all of them.
 *
 * @module
 */

import type { Copas } from "../../../src/copas/copas.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { StreamSocketOptions } from "../../../src/socket/socket_options.ts";
import type { StreamSocket } from "../../../src/socket/stream_socket.ts";
import type { SslParams } from "../../../src/tls/params.ts";
import { turn } from "../../fixtures/event_loop.ts";
import { type Certified, hasOpenssl } from "../../fixtures/certificates.ts";
import { dispatcher } from "../../fixtures/socket_dispatcher.ts";
import { closeQuietly, tcpPair, unixPair } from "../../fixtures/socket_pair.ts";
import { ScriptedConn } from "../../fixtures/socket_script.ts";
import { Certificates } from "../../fixtures/tls_world.ts";

/** The other side of a connection. */
export type Peer = Pick<
  Deno.Conn,
  "read" | "write" | "closeWrite" | "close"
>;

/** A Copas socket and its peer. */
export interface Connected extends Disposable {
  readonly copas: Copas;
  readonly skt: StreamSocket;
  readonly peer: Peer;
}

/** A kind of stream. */
export interface Transport {
  readonly name: string;
  readonly ignore?: boolean;
  connect(options?: StreamSocketOptions, clock?: Clock): Promise<Connected>;
}

function connected(
  copas: Copas,
  skt: StreamSocket,
  peer: Peer,
  ...others: { close(): unknown }[]
): Connected {
  return {
    copas,
    skt,
    peer,
    [Symbol.dispose]() {
      skt.abort();
      closeQuietly(peer);
      others.forEach(closeQuietly);
    },
  };
}

let certificates: Promise<Certificates> | undefined;

function certified(): Promise<Certificates> {
  return certificates ??= Certificates.make();
}

const WITHOUT_LIMIT = { timeout: Infinity };
const HOST = { hostname: "127.0.0.1", port: 0 };

/** A plain connection on which the server's side has become TLS; `before` runs on both in plain text. */
async function acceptedTls(
  options: StreamSocketOptions | undefined,
  clock: Clock | undefined,
  before?: (skt: StreamSocket, peer: Deno.TcpConn) => Promise<void>,
): Promise<Connected> {
  const { localhost, trust } = await certified();
  const copas = dispatcher(clock);
  const { ours, theirs } = await tcpPair();
  const skt = copas.wrap(ours, options);
  await before?.(skt, theirs);
  const [peer] = await Promise.all([
    Deno.startTls(theirs, { hostname: "localhost", ...trust }).then(
      async (conn) => {
        await conn.handshake();
        return conn;
      },
    ),
    skt.dohandshake({ ...localhost, mode: "server" }, WITHOUT_LIMIT),
  ]);
  return connected(copas, skt, peer, theirs, ours);
}

/** A client whose peer has TLS of Deno's own. */
async function connectedClient(
  options: StreamSocketOptions | undefined,
  clock: Clock | undefined,
  localhost: Certified,
  sslparams: SslParams,
): Promise<Connected> {
  const copas = dispatcher(clock);
  using listener = Deno.listenTls({ ...HOST, ...localhost });
  const { port } = listener.addr as Deno.NetAddr;
  const conn = await Deno.connect({ ...HOST, port });
  const skt = copas.wrap(conn, options);
  const accepting = listener.accept().then(async (peer) => {
    await peer.handshake();
    return peer;
  });
  const params = { ...sslparams, servername: "localhost" };
  const [peer] = await Promise.all([
    accepting,
    skt.dohandshake(params, WITHOUT_LIMIT),
  ]);
  return connected(copas, skt, peer, conn);
}

/** A scripted connection as its peer sees it. */
class ScriptedPeer implements Peer {
  readonly #conn: ScriptedConn;
  #taken = 0;
  #isClosed = false;

  constructor(conn: ScriptedConn) {
    this.#conn = conn;
    conn.hold();
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#conn.offered > 0) this.#conn.take(into.length);
      const { writes } = this.#conn;
      if (this.#taken < writes.length) {
        const piece = writes[this.#taken++];
        into.set(piece);
        return piece.length;
      }
      if (this.#conn.closeWrites + this.#conn.closes > 0) return null;
      await turn();
    }
  }

  write(data: Uint8Array): Promise<number> {
    this.#conn.feed(data.slice());
    return Promise.resolve(data.length);
  }

  closeWrite(): Promise<void> {
    this.#conn.end();
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.end();
    this.#conn.break(new Deno.errors.BrokenPipe("gone"));
  }
}

/** All kinds of streams. */
export const transports: Transport[] = [
  {
    name: "the scripted connection",
    connect(options, clock) {
      const copas = dispatcher(clock);
      const conn = new ScriptedConn();
      const skt = copas.wrap(conn.conn, options);
      return Promise.resolve(connected(copas, skt, new ScriptedPeer(conn)));
    },
  },
  {
    name: "TCP",
    async connect(options, clock) {
      const copas = dispatcher(clock);
      const { ours, theirs } = await tcpPair();
      return connected(copas, copas.wrap(ours, options), theirs, ours);
    },
  },
  {
    name: "Unix",
    async connect(options, clock) {
      const copas = dispatcher(clock);
      const { ours, theirs } = await unixPair();
      const conn = ours as Deno.Conn;
      return connected(copas, copas.wrap(conn, options), theirs, ours);
    },
  },
  {
    name: "a server on Deno's TLS",
    ignore: !hasOpenssl,
    async connect(options, clock) {
      const { localhost, trust } = await certified();
      const copas = dispatcher(clock);
      using listener = Deno.listenTls({ ...HOST, ...localhost });
      const [peer, ours] = await Promise.all([
        Deno.connectTls({
          ...HOST,
          port: (listener.addr as Deno.NetAddr).port,
          ...trust,
        }),
        listener.accept(),
      ]);
      const skt = copas.wrap(ours as Deno.Conn, options);
      await Promise.all([
        peer.handshake(),
        skt.dohandshake(undefined, WITHOUT_LIMIT),
      ]);
      return connected(copas, skt, peer, ours);
    },
  },
  {
    name: "a client on Deno's TLS",
    ignore: !hasOpenssl,
    async connect(options, clock) {
      const { localhost, trust } = await certified();
      return await connectedClient(options, clock, localhost, trust);
    },
  },
  {
    name: "a server on node:tls",
    ignore: !hasOpenssl,
    connect: (options, clock) => acceptedTls(options, clock),
  },
  {
    name: "a client on node:tls",
    ignore: !hasOpenssl,
    async connect(options, clock) {
      const { localhost, alice, trust } = await certified();
      return await connectedClient(options, clock, localhost, {
        ...trust,
        ...alice,
      });
    },
  },
  {
    name: "STARTTLS",
    ignore: !hasOpenssl,
    connect: (options, clock) =>
      acceptedTls(options, clock, async (skt, peer) => {
        await peer.write(new TextEncoder().encode("STARTTLS\r\n"));
        await skt.receive();
        await skt.send("go ahead\r\n");
        await skt.flush();
        await peer.read(new Uint8Array(10));
      }),
  },
];

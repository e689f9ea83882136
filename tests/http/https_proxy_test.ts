// TLS within TLS: https servers through a proxy that is spoken to over TLS.

import { assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import { HandshakeError } from "../../src/errors/errors.ts";
import { httpFor } from "../../src/http/mod.ts";
import { pattern, same } from "../fixtures/socket_pair.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

/** A proxy over TLS that knows `CONNECT`. */
class TlsProxy implements AsyncDisposable {
  /** The first lines of what it was asked. */
  readonly asked: string[] = [];
  /** The first byte that came through each tunnel. */
  readonly first: number[] = [];
  readonly #listener: Deno.TlsListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #work: Promise<unknown>[] = [];

  constructor(certified: { cert: string; key: string }) {
    const { cert, key } = certified;
    this.#listener = Deno.listenTls({
      ...{ hostname: "127.0.0.1", port: 0, cert, key },
    });
    this.#work.push(this.#accept());
  }

  get url(): string {
    return `https://me:secret@localhost:${this.#listener.addr.port}`;
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#work.push(this.#serve(conn));
      }
    } catch {
      // A handshake has failed, or the test is over.
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    this.#open.add(conn);
    try {
      const buffer = new Uint8Array(65536);
      let head = "";
      while (!head.endsWith("\r\n\r\n")) {
        const count = await conn.read(buffer);
        if (count === null) return;
        head += new TextDecoder().decode(buffer.subarray(0, count));
      }
      const [line] = head.split("\r\n");
      this.asked.push(line);
      const port = Number(/:(\d+) /.exec(line)![1]);
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#open.add(server);
      await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
      await Promise.all([
        this.#copy(conn, server, (byte) => this.first.push(byte)),
        this.#copy(server, conn),
      ]);
    } catch {
      // One side is gone.
    } finally {
      this.#close(conn);
    }
  }

  async #copy(
    from: Deno.Conn,
    to: Deno.Conn,
    began?: (byte: number) => void,
  ): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        began?.(buffer[0]);
        began = undefined;
        for (let sent = 0; sent < count;) {
          sent += await to.write(buffer.subarray(sent, count));
        }
      }
    } finally {
      this.#close(from);
      this.#close(to);
    }
  }

  #close(conn: Deno.Conn): void {
    if (this.#open.delete(conn)) conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) this.#close(conn);
    await Promise.all(this.#work);
  }
}

tlsTest(
  "https through an https proxy is TLS within TLS: large bodies both ways, on a connection that is kept",
  async ({ localhost, trust }) => {
    await using proxy = new TlsProxy(localhost);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, ...localhost },
      async (request) => new Response(await request.bytes()),
    );
    const copas = new Copas();
    using http = httpFor(copas, { keepalive: 5 });
    const url = `https://localhost:${server.addr.port}/`;
    const body = pattern(1_000_000);
    for (let i = 0; i < 2; i++) {
      const [echo] = await http.request({
        ...{ url, proxy: proxy.url, sslparams: trust, as: "bytes" },
        ...{ method: "POST", source: body },
      });
      assertEquals(same(echo, body), true);
    }
    assertEquals(proxy.asked, [
      `CONNECT localhost:${server.addr.port} HTTP/1.1`,
    ]);
    assertEquals(proxy.first, [0x16]);
    http.close();
    // The goodbye of both layers.
    await copas.loop();
  },
);

tlsTest(
  "within TLS the proxy and the server must each prove their own name",
  async ({ localhost, trust, authority }) => {
    const other = await authority.issue({ cn: "other", names: "DNS:other" });
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, ...other },
      () => new Response("never"),
    );
    const url = `https://localhost:${server.addr.port}/`;
    const copas = new Copas();
    const http = httpFor(copas);
    for (const [certified, count] of [[localhost, 1], [other, 0]] as const) {
      await using proxy = new TlsProxy(certified);
      await assertRejects(
        () => http.request({ url, proxy: proxy.url, sslparams: trust }),
        HandshakeError,
      );
      assertEquals(proxy.asked.length, count);
      await copas.loop();
    }
  },
);

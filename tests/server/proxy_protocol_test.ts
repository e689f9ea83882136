// A server behind proxies that tell it who its clients are.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ProxyProtocolOptions, StreamSocket } from "../../mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { reporting } from "../fixtures/socket_server.ts";

const LINE = "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n";
const LOCALHOST = { from: ["127.0.0.1"] };

/** Runs a server that tells each client its address, its proxy and its first line, while `talk` runs. */
async function withServer(
  proxyProtocol: ProxyProtocolOptions,
  talk: (connect: () => Promise<Deno.TcpConn>) => Promise<void>,
): Promise<string[]> {
  const clock = new VirtualClock();
  const { copas, reports } = reporting(clock);
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(
    listener,
    copas.handler(async (skt: StreamSocket) => {
      const proxy = skt.getproxyname();
      const line = await skt.receive();
      await skt.send(`${skt.getpeername()} ${proxy && proxy[0]} ${line}\n`);
    }),
    { proxyProtocol, name: "web" },
  );
  const clients: Deno.TcpConn[] = [];
  const loop = copas.loop();
  try {
    await talk(async () => {
      const { port } = listener.addr;
      const client = await Deno.connect({ hostname: "127.0.0.1", port });
      clients.push(client);
      return client;
    });
  } finally {
    for (const client of clients) client.close();
    copas.cancelall();
    await loop;
  }
  return reports.map(({ error }) =>
    String(error).replace(/127\.0\.0\.1:\d+/, "CLIENT")
  );
}

Deno.test("a connection that sends no header is counted as refused, and not as an error of the handler", async () => {
  const { copas } = reporting();
  const listener = copas.socket.bind("127.0.0.1", 0);
  const server = copas.addserver(
    listener,
    copas.handler(() => {
      throw new Error("on purpose");
    }),
    { proxyProtocol: LOCALHOST },
  );
  await copas.loop(async () => {
    for (const text of ["hello\n", `${LINE}hello\n`]) {
      await using skt = await copas.socket.connect(
        "127.0.0.1",
        listener.addr.port,
      );
      await skt.send(text);
      await copas.pcall(() => skt.receive());
    }
    copas.removeserver(listener);
  });
  const { refused, handlerErrors } = server.counters;
  assertEquals([refused, handlerErrors], [{ proxyProtocol: 1 }, 1]);
});

/** What the server answers to `text`. */
async function ask(
  connect: () => Promise<Deno.TcpConn>,
  text: string | Uint8Array,
): Promise<string> {
  const client = await connect();
  await write(client, text);
  return await readText(client).catch(() => "");
}

Deno.test("the handler sees the client's address, and the proxy's", async () => {
  const reports = await withServer(LOCALHOST, async (connect) => {
    assertEquals(
      await ask(connect, `${LINE}hello\n`),
      "192.0.2.1,4711,inet 127.0.0.1 hello\n",
    );
  });
  assertEquals(reports, []);
});

Deno.test("a header may come in single bytes, and the line after it at any time", async () => {
  await withServer(LOCALHOST, async (connect) => {
    const client = await connect();
    for (const character of `${LINE}hello`) await write(client, character);
    await write(client, "\n");
    assertEquals(
      await readText(client),
      "192.0.2.1,4711,inet 127.0.0.1 hello\n",
    );
  });
});

Deno.test("a proxy that speaks for itself, or knows no address, is its own client", async () => {
  await withServer(LOCALHOST, async (connect) => {
    for (const header of ["PROXY UNKNOWN\r\n", "\r\n\r\n\0\r\nQUIT\n \0\0\0"]) {
      const answer = await ask(connect, `${header}check\n`);
      assertEquals(
        answer.replace(/,\d+,/, ",PORT,"),
        "127.0.0.1,PORT,inet null check\n",
      );
    }
  });
});

Deno.test("a malformed, cut or missing header closes the connection, and is reported", async () => {
  const reports = await withServer(LOCALHOST, async (connect) => {
    assertEquals(await ask(connect, "GET / HTTP/1.1\r\n\r\n"), "");
    assertEquals(await ask(connect, LINE.replace("192", "999")), "");
    const cut = await connect();
    await write(cut, LINE.slice(0, 20));
    await cut.closeWrite();
    assertEquals(await readText(cut), "");
    const silent = await connect();
    await silent.closeWrite();
    assertEquals(await readText(silent), "");
  });
  const malformed = "its PROXY header is malformed";
  assertEquals(reports, [
    `HandshakeError: Cannot serve CLIENT: ${malformed}: it begins with other bytes`,
    `HandshakeError: Cannot serve CLIENT: ${malformed}: it has an address that is none of TCP4`,
    "HandshakeError: Cannot serve CLIENT: its PROXY header is cut short",
    "HandshakeError: Cannot serve CLIENT: it closed before its PROXY header",
  ]);
});

Deno.test("a header that does not come in time closes the connection, however it drips", async () => {
  const reports = await withServer(
    { ...LOCALHOST, timeout: 3 },
    async (connect) => {
      const client = await connect();
      await write(client, LINE.slice(0, 20));
      assertEquals(await readText(client).catch(() => ""), "");
    },
  );
  assertEquals(reports, [
    "HandshakeError: Cannot serve CLIENT: it sent no PROXY header within 3 s",
  ]);
});

Deno.test("an address that is no proxy's is not believed: it is closed, or with required: false its own client", async () => {
  const from = ["192.0.2.0/24", "2001:db8::/32"];
  const reports = await withServer({ from }, async (connect) => {
    assertEquals(await ask(connect, `${LINE}hello\n`), "");
  });
  assertEquals(reports, [
    "HandshakeError: Cannot serve CLIENT: it is none of the proxies that proxyProtocol names",
  ]);
  await withServer({ from, required: false }, async (connect) => {
    const answer = await ask(connect, `${LINE}hello\n`);
    assertEquals(
      answer.replace(/,\d+,/, ",PORT,"),
      `127.0.0.1,PORT,inet null ${LINE.trim()}\n`,
    );
  });
});

Deno.test("with required: false a listed proxy still has to send its header", async () => {
  const options = { ...LOCALHOST, required: false };
  const reports = await withServer(options, async (connect) => {
    assertEquals(await ask(connect, "hello\n"), "");
  });
  assertEquals(reports.length, 1);
});

Deno.test("proxies may be given by ranges, also of IPv6, and by Unix sockets", async () => {
  for (const from of ["127.0.0.0/8", "::ffff:127.0.0.0/104", "0.0.0.0/0"]) {
    await withServer({ from: [from] }, async (connect) => {
      assertEquals((await ask(connect, `${LINE}x\n`)).slice(0, 9), "192.0.2.1");
    });
  }
  const folder = await Deno.makeTempDir();
  const copas = dispatcher();
  const path = `${folder}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  let seen: unknown;
  copas.addserver(
    listener,
    copas.handler((skt: StreamSocket) => {
      seen = [skt.getpeername(), skt.getproxyname()?.[2]];
    }),
    { proxyProtocol: { from: ["unix"] } },
  );
  const loop = copas.loop();
  const client = await Deno.connect({ transport: "unix", path });
  await write(client, LINE);
  await readText(client);
  client.close();
  copas.removeserver(listener);
  await loop;
  await Deno.remove(folder, { recursive: true });
  assertEquals(seen, [["192.0.2.1", 4711, "inet"], "unix"]);
});

Deno.test("wrong options are refused", () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  const add = (proxyProtocol: unknown) => () =>
    copas.addserver(listener, () => {}, { proxyProtocol } as never);
  assertThrows(add(true), TypeError, "proxyProtocol must be an object");
  assertThrows(add({}), TypeError, "proxyProtocol.from");
  assertThrows(add({ from: "10.0.0.0/8" }), TypeError, "an array");
  for (const entry of ["10.0.0.0/33", "10.0.0/8", "::/129", "host", "", 1]) {
    assertThrows(
      add({ from: [entry] }),
      TypeError,
      "must be addresses and ranges",
    );
  }
  assertThrows(add({ from: [], timeout: -1 }), RangeError, "timeout");
  assertThrows(add({ from: [], required: 1 }), TypeError, "required");
  assertThrows(add({ from: [], require: true }), TypeError, "require");
  listener.close();
});

/** Runs `talk` as a thread of a dispatcher with a server that hands on to `serve`. */
async function withClient(
  serve: (skt: StreamSocket) => unknown,
  talk: (
    copas: ReturnType<typeof dispatcher>,
    port: number,
  ) => Promise<unknown>,
): Promise<void> {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(listener, copas.handler(serve), { proxyProtocol: LOCALHOST });
  let failure: unknown;
  copas.addthread(async () => {
    await talk(copas, listener.addr.port).catch((error) => failure = error);
    copas.removeserver(listener);
  });
  await copas.loop();
  if (failure !== undefined) throw failure;
}

Deno.test("a connect tells the server behind it the client's address, by either version and through two proxies", async () => {
  for (const version of [undefined, 1, 2] as const) {
    let seen: unknown;
    let sent: unknown;
    await withClient((skt: StreamSocket) => {
      seen = skt.getpeername();
      assert(skt.getproxyname() !== null);
    }, async (copas, port) => {
      // The first client, the first proxy, and a second one behind it.
      const listener = copas.socket.bind("127.0.0.1", 0);
      copas.addserver(
        listener,
        copas.handler(async (client: StreamSocket) => {
          sent = client.getpeername();
          const proxyProtocol = version === undefined
            ? client
            : { client, version };
          await using skt = await copas.socket.connect("127.0.0.1", port, {
            proxyProtocol,
          });
          await copas.relay(client, skt);
        }),
        { proxyProtocol: LOCALHOST },
      );
      const skt = await copas.socket.connect("127.0.0.1", listener.addr.port);
      await skt.send(LINE);
      await skt.shutdown("send");
      assertEquals(await skt.receive("*a"), "");
      await skt.close();
      copas.removeserver(listener);
    });
    assertEquals(seen, ["192.0.2.1", 4711, "inet"]);
    assertEquals(sent, seen);
  }
});

Deno.test("a connect refuses a proxyProtocol that is no connected stream socket", async () => {
  const copas = dispatcher();
  const connect = (proxyProtocol: unknown) => () =>
    copas.socket.connect("127.0.0.1", 1, { proxyProtocol } as never);
  await assertRejects(connect(1), TypeError, "the client's stream socket");
  const udp = copas.socket.tcp();
  await assertRejects(connect(udp), Error, "not connected");
  await assertRejects(
    connect({ client: udp, version: 3 }),
    TypeError,
    "1 or 2",
  );
  await assertRejects(connect({ client: udp, vers: 1 }), TypeError, "vers");
  await udp.close();
});

// HAProxy and nginx in front of a server, and behind a client.

import { assertEquals } from "@std/assert";
import { Copas, type StreamSocket } from "../../mod.ts";
import {
  hasHaproxy,
  hasNginxStream,
  type ProxySides,
  startHaproxy,
  startNginx,
} from "../fixtures/real_proxy.ts";
import type { ServerProcess } from "../fixtures/server_process.ts";
import { tlsTest } from "../fixtures/tls_world.ts";
import type { SslParams } from "../../src/tls/params.ts";

type Start = (behind: number, sides: ProxySides) => Promise<ServerProcess>;

const proxyProtocol = { from: ["127.0.0.1"] };

/** Runs `talk` while a server of this process tells each client the address that it sees. */
async function withServer(
  options: { sslparams?: SslParams; isProxied?: boolean },
  talk: (port: number, copas: Copas) => Promise<void>,
): Promise<void> {
  const copas = new Copas();
  copas.seterrorhandler((error) => reportError(error), true);
  const listener = copas.socket.bind("127.0.0.1", 0);
  const answer = copas.handler(async (skt: StreamSocket) => {
    const line = await skt.receive();
    const [ip, port] = skt.getpeername();
    await skt.send(`${ip} ${port} ${skt.getproxyname()?.[0]} ${line}\n`);
  }, options.sslparams);
  const isProxied = options.isProxied !== false;
  copas.addserver(listener, answer, isProxied ? { proxyProtocol } : {});
  let failure: unknown;
  copas.addthread(async () => {
    await talk(listener.addr.port, copas).catch((error) => failure = error);
    copas.cancelall();
  });
  await copas.loop();
  if (failure !== undefined) throw failure;
}

/** What the server says to a client of the proxy, and what it should say. */
async function ask(copas: Copas, port: number): Promise<void> {
  await using skt = await copas.socket.connect("127.0.0.1", port);
  await skt.send("hello\n");
  const [ip, own] = skt.getsockname();
  assertEquals(await skt.receive(), `${ip} ${own} 127.0.0.1 hello`);
}

const cases: [string, boolean, Start, ProxySides, boolean][] = [
  ["HAProxy: send-proxy", hasHaproxy, startHaproxy, {
    server: "send-proxy",
  }, false],
  ["HAProxy: send-proxy-v2", hasHaproxy, startHaproxy, {
    server: "send-proxy-v2 proxy-v2-options unique-id,crc32c",
  }, false],
  ["HAProxy: send-proxy, ssl", hasHaproxy, startHaproxy, {
    server: "send-proxy ssl verify none",
  }, true],
  ["HAProxy: send-proxy-v2, ssl", hasHaproxy, startHaproxy, {
    server: "send-proxy-v2 ssl verify none",
  }, true],
  ["nginx: proxy_protocol", hasNginxStream, startNginx, {
    server: "proxy_protocol on;",
  }, false],
  ["nginx: proxy_protocol, proxy_ssl", hasNginxStream, startNginx, {
    server: "proxy_protocol on; proxy_ssl on;",
  }, true],
];

for (const [name, needs, start, sides, isSecured] of cases) {
  tlsTest(`${name}: the server sees the client`, async ({ localhost }) => {
    const { cert, key } = localhost;
    const sslparams = isSecured ? { cert, key } : undefined;
    await withServer({ sslparams }, async (port, copas) => {
      await using proxy = await copas.wait(start(port, sides));
      for (let i = 0; i < 3; i++) await ask(copas, proxy.port);
    });
  }, { needs });
}

const receivers: [string, boolean, Start, ProxySides, (1 | 2)[]][] = [
  ["HAProxy: accept-proxy", hasHaproxy, startHaproxy, {
    listen: "accept-proxy",
    server: "send-proxy",
  }, [1, 2]],
  ["nginx: listen proxy_protocol", hasNginxStream, startNginx, {
    listen: "proxy_protocol",
    server: "set_real_ip_from 127.0.0.1; proxy_protocol on;",
  }, [1, 2]],
];

for (const [name, needs, start, sides, versions] of receivers) {
  Deno.test({
    name: `${name}: takes the header that a connect sends`,
    ignore: !needs,
    fn: () =>
      withServer({}, async (port, copas) => {
        await using proxy = await copas.wait(start(port, sides));
        for (const version of versions) await throughUs(copas, proxy, version);
      }),
  });
}

/** A client, our proxy, the real one, and the server. */
async function throughUs(
  copas: Copas,
  proxy: ServerProcess,
  version: 1 | 2,
): Promise<void> {
  const front = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(
    front,
    copas.handler(async (client: StreamSocket) => {
      const options = { proxyProtocol: { client, version } };
      await using behind = await copas.socket.connect(
        "127.0.0.1",
        proxy.port,
        options,
      );
      await copas.relay(client, behind);
    }),
  );
  await ask(copas, front.addr.port);
  copas.removeserver(front);
}

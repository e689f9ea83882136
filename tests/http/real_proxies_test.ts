// Real proxies: tinyproxy for HTTP, microsocks for SOCKS5.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import { httpFor, ReplyError, request } from "../../src/http/mod.ts";
import {
  hasMicrosocks,
  hasTinyproxy,
  RealServer,
} from "../fixtures/real_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const kinds = [
  { name: "tinyproxy", scheme: "http", needs: hasTinyproxy },
  { name: "microsocks", scheme: "socks5", needs: hasMicrosocks },
] as const;

for (const { name, scheme, needs } of kinds) {
  tlsTest(
    `${name} carries http and https, plain and kept, with a login`,
    async ({ localhost, trust }) => {
      const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
      await using plain = Deno.serve(options, () => new Response("plain"));
      await using secure = Deno.serve(
        { ...options, ...localhost },
        () => new Response("secure"),
      );
      await using server = await RealServer[name](localhost);
      const proxy = `${scheme}://me:secret@127.0.0.1:${server.port}`;
      using http = httpFor(new Copas(), { keepalive: 5 });
      const ask = async (url: string, through = proxy) =>
        await http.request({
          url,
          proxy: through,
          sslparams: trust,
          as: "text",
        });
      const urls = {
        plain: `http://localhost:${plain.addr.port}/`,
        secure: `https://localhost:${secure.addr.port}/`,
        address: `http://127.0.0.1:${plain.addr.port}/`,
      };
      for (let i = 0; i < 2; i++) {
        assertEquals((await ask(urls.plain))[0], "plain");
        assertEquals((await ask(urls.secure))[0], "secure");
        assertEquals((await ask(urls.address))[0], "plain");
      }
      const wrong = proxy.replace("secret", "guessed");
      const error = await assertRejects(
        () => ask(urls.secure, wrong),
        ReplyError,
      );
      assert(!Deno.inspect(error).includes("guessed"), error.message);
      http.close();
    },
    { needs },
  );
}

tlsTest(
  "a SOCKS5 proxy that can't connect is a ReplyError",
  async ({ localhost }) => {
    await using server = await RealServer.microsocks(localhost);
    const proxy = `socks5://me:secret@127.0.0.1:${server.port}`;
    const error = await assertRejects(
      () => request({ url: "http://127.0.0.1:1/", proxy }),
      ReplyError,
    );
    assert(error.message.includes("does not connect"), error.message);
  },
  { needs: hasMicrosocks },
);

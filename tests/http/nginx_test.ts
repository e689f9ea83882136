// A real server: compression, kept connections, ranges, TLS.

import { assertEquals } from "@std/assert";
import { Copas } from "../../mod.ts";
import { httpFor } from "../../src/http/mod.ts";
import { hasNginx, RealServer } from "../fixtures/real_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

for (const scheme of ["http", "https"]) {
  tlsTest(
    `nginx by ${scheme}: compressed, in part, posted, redirected, over one connection`,
    async ({ localhost, trust }) => {
      await using server = await RealServer.nginx(
        localhost,
        `${
          scheme === "https" ? "ssl on;" : ""
        } gzip on; gzip_min_length 1; gzip_types text/plain;
         location /count { return 200 "$connection $connection_requests"; }
         location /moved { return 302 /a.txt; }`,
      );
      const text = "hello ".repeat(1000);
      await Deno.writeTextFile(`${server.folder}/files/a.txt`, text);
      using http = httpFor(new Copas(), { keepalive: 5 });
      const url = `${scheme}://localhost:${server.port}`;
      const get = (path: string, more = {}) =>
        http.request({
          url: url + path,
          as: "text",
          sslparams: trust,
          ...more,
        });
      const [first, , , status] = await get("/count");
      assertEquals([first.split(" ")[1], status], ["1", "HTTP/1.1 200 OK"]);
      const [body, , headers] = await get("/a.txt");
      assertEquals([body, headers["content-encoding"]], [text, "gzip"]);
      const range = { headers: { Range: "bytes=5990-" } };
      const [part, code] = await get("/a.txt", range);
      assertEquals([part, code], [text.slice(5990), 206]);
      assertEquals((await get("/moved"))[0], text);
      const post = { method: "POST", json: { a: 1 } };
      assertEquals((await get("/a.txt", post))[1], 405);
      assertEquals((await get("/none"))[1], 404);
      const [last] = await get("/count");
      assertEquals(last.split(" ")[0], first.split(" ")[0]);
    },
    { needs: hasNginx },
  );
}

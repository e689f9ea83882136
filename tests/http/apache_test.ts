// A real server: kept connections, chunks, compression, 303, Basic, TLS.

import { assertEquals } from "@std/assert";
import { Copas } from "../../mod.ts";
import { httpFor } from "../../src/http/mod.ts";
import { hasApache, RealServer } from "../fixtures/real_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const CONFIG = `
AddOutputFilterByType DEFLATE text/plain
RedirectMatch 303 ^/moved$ /a.txt
ScriptAlias /cgi/ {folder}/files/
<Directory {folder}/files>
  Require all granted
</Directory>
<Location /private.txt>
  AuthType Basic
  AuthName notes
  AuthUserFile {folder}/users
  Require valid-user
</Location>
`;

for (const secure of [false, true]) {
  const scheme = secure ? "https" : "http";
  tlsTest(
    `apache by ${scheme}: compressed, in chunks, in part, redirected by 303, with a login, over one connection`,
    async ({ localhost, trust }) => {
      await using server = await RealServer.apache(localhost, secure, CONFIG);
      const { folder, port } = server;
      const text = "hello ".repeat(2000);
      await Deno.writeTextFile(`${folder}/files/a.txt`, text);
      await Deno.writeTextFile(`${folder}/files/private.txt`, "private");
      // "secret", by SHA-1, as htpasswd -s writes it.
      const users = "me:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
      await Deno.writeTextFile(`${folder}/users`, users);
      const script = "#!/bin/sh\necho 'Content-Type: x/y'; echo\n" +
        'echo "$REMOTE_PORT"; cat\n';
      await Deno.writeTextFile(`${folder}/files/port`, script);
      await Deno.chmod(`${folder}/files/port`, 0o755);
      using http = httpFor(new Copas(), { keepalive: 5 });
      const url = `${scheme}://localhost:${port}`;
      const ask = (path: string, more = {}) =>
        http.request({
          url: url + path,
          as: "text",
          sslparams: trust,
          ...more,
        });
      const post = { method: "POST", source: text };
      const [echo, , headers] = await ask("/cgi/port", post);
      const [first, ...rest] = echo.split("\n");
      assertEquals(headers["transfer-encoding"], "chunked");
      assertEquals(rest.join("\n"), text);
      const [body, , { "content-encoding": encoding }] = await ask("/a.txt");
      assertEquals([body, encoding], [text, "gzip"]);
      const range = { headers: { Range: "bytes=11990-" } };
      const [part, code] = await ask("/a.txt", range);
      assertEquals([part, code], [text.slice(11990), 206]);
      const expecting = { ...post, headers: { Expect: "100-continue" } };
      const [again] = await ask("/cgi/port", expecting);
      assertEquals(again, echo);
      const redirect = { ...post, source: "x", redirect: "standard" };
      assertEquals((await ask("/moved", redirect))[0], text);
      assertEquals((await ask("/private.txt"))[1], 401);
      const named = url.replace("//", "//me:secret@");
      const [inside] = await ask("", { url: `${named}/private.txt` });
      assertEquals(inside, "private");
      assertEquals((await ask("/cgi/port"))[0], `${first}\n`);
    },
    { needs: hasApache },
  );
}

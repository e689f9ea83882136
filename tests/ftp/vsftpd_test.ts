// A real server, with TLS on both connections.

import { assertEquals, assertRejects } from "@std/assert";
import { get, put, ReplyError } from "../../src/ftp/mod.ts";
import { hasVsftpd, RealServer } from "../fixtures/real_server.ts";
import { pattern, same } from "../fixtures/socket_pair.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

for (const secure of [false, "explicit"] as const) {
  const how = secure === false ? "without TLS" : "with TLS";
  tlsTest(
    `vsftpd ${how}: what was put can be got, and what is refused is its reply, every time`,
    async ({ localhost, trust }) => {
      await using server = await RealServer.vsftpd(localhost);
      const { port } = server;
      const target = { host: "localhost", port, secure, sslparams: trust };
      const data = pattern(300_000);
      await put({ ...target, path: "open/x", source: data });
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      await get({
        ...target,
        path: "open/x",
        sink: (each) => void chunks.push(each),
      });
      assertEquals(same(await new Blob(chunks).bytes(), data), true);
      const sink = () => {};
      for (let i = 0; i < 5; i++) {
        const missing = await assertRejects(
          () => get({ ...target, path: "none", sink }),
          ReplyError,
        );
        assertEquals(missing.reply, 550);
        const refused = await assertRejects(
          () => put({ ...target, path: "none/x", source: data }),
          ReplyError,
        );
        assertEquals(refused.reply, 553);
      }
    },
    { needs: hasVsftpd },
  );
}

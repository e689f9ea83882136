// A real server, with TLS on both connections.

import { assertEquals, assertRejects } from "@std/assert";
import { get, list, nlst, open, put, ReplyError } from "../../src/ftp/mod.ts";
import { hasProftpd, hasVsftpd, RealServer } from "../fixtures/real_server.ts";
import { RawPeer, RawServer } from "../fixtures/raw_server.ts";
import { closeQuietly, pattern, same } from "../fixtures/socket_pair.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const SERVERS = [
  ["vsftpd", false, hasVsftpd],
  ["vsftpd", "explicit", hasVsftpd],
  ["proftpd", false, hasProftpd],
] as const;
for (const [name, secure, needs] of SERVERS) {
  const how = secure === false ? "without TLS" : "with TLS";
  tlsTest(
    `${name} ${how}: what was put can be got, and what is refused is its reply, every time`,
    async ({ localhost, trust }) => {
      await using server = await RealServer[name](localhost);
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
      const tail: Uint8Array<ArrayBuffer>[] = [];
      await get({
        ...target,
        path: "open/x",
        offset: 299_000,
        sink: (each) => void tail.push(each),
      });
      assertEquals(
        same(await new Blob(tail).bytes(), data.subarray(299_000)),
        true,
      );
      const entries = await list({ ...target, path: "open" });
      const [{ modified: _, ...entry }] = entries;
      assertEquals(entry, { name: "x", type: "file", size: 300_000 });
      assertEquals(entries.length, 1);
      assertEquals(await nlst({ ...target, path: "open" }), ["x"]);
      const [folder] = await list(target);
      assertEquals([folder.name, folder.type], ["open", "directory"]);
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
        assertEquals(refused.reply, name === "vsftpd" ? 553 : 550);
      }
      await using session = await open({ ...target, path: "open" });
      for (const file of ["a", "b"]) {
        await session.put(file, file);
        assertEquals(await session.get(file), new TextEncoder().encode(file));
      }
      await assertRejects(() => session.get("none"), ReplyError);
      assertEquals((await session.nlst()).sort(), ["a", "b", "x"]);
      await session.command({ command: "dele", argument: "a", check: 250 });
      assertEquals((await session.list()).map(({ name }) => name).sort(), [
        "b",
        "x",
      ]);
    },
    { needs },
  );
}

tlsTest(
  "the reply that refuses a file is the error, though the data connection has failed before it",
  async ({ localhost, trust }) => {
    const closed = Promise.withResolvers<void>();
    await using data = new RawServer(() => Promise.resolve(closed.resolve()));
    const replies: Record<string, string> = {
      USER: "230 in",
      EPSV: `229 here (|||${data.port}|)`,
      RETR: "550 none",
      STOR: "553 no",
      QUIT: "221 bye",
    };
    using listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...localhost,
    });
    const serving = (async () => {
      for (let i = 0; i < 2; i++) {
        const peer = new RawPeer(await listener.accept());
        await peer.write("220 hi\r\n");
        for (let line; (line = await peer.until("\r\n")) !== "";) {
          const verb = line.trim().split(" ")[0];
          if (/RETR|STOR/.test(verb)) {
            await closed.promise;
            // So that the client sees that end first: what has arrived is
            // handled within some turns of the event loop that they share.
            for (let i = 0; i < 50; i++) {
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          await peer.write((replies[verb] ?? "200 ok") + "\r\n");
        }
        closeQuietly(peer.conn);
      }
    })();
    const { port } = listener.addr as Deno.NetAddr;
    const params = { url: `ftps://localhost:${port}/x`, sslparams: trust };
    const sink = () => {};
    const missing = await assertRejects(
      () => get({ ...params, sink }),
      ReplyError,
    );
    const refused = await assertRejects(
      () => put({ ...params, source: "x" }),
      ReplyError,
    );
    assertEquals([missing.reply, refused.reply], [550, 553]);
    await serving;
  },
);

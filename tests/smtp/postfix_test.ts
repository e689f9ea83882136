// A real mail server.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { open, ReplyError, send } from "../../src/smtp/mod.ts";
import { hasPostfix, RealServer } from "../fixtures/real_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const MAIL = { from: "me@localhost", message: { body: "Hi\n.\nyou" } };

tlsTest(
  "postfix takes mails, one and several in a session, in clear and by STARTTLS, and names each",
  async ({ localhost, trust }) => {
    await using server = await RealServer.postfix(localhost);
    const { port } = server;
    const ids = new Set<string | undefined>();
    for (const secure of ["none", "required"] as const) {
      const target = { server: "localhost", port, secure, sslparams: trust };
      const sent = await send({ ...target, ...MAIL, rcpt: "you@localhost" });
      assertEquals([sent.reply, sent.accepted], [250, ["you@localhost"]]);
      assert(sent.text.endsWith(`queued as ${sent.id}`), sent.text);
      ids.add(sent.id);
      await using session = await open(target);
      for (const rcpt of ["a@localhost", "b@localhost"]) {
        ids.add((await session.send({ ...MAIL, rcpt })).id);
        const elsewhere = { ...MAIL, rcpt: "you@elsewhere.example" };
        const error = await assertRejects(
          () => session.send(elsewhere),
          ReplyError,
        );
        assertEquals(error.reply, 554);
      }
    }
    assertEquals([ids.size, ids.has(undefined)], [6, false]);
  },
  { needs: hasPostfix },
);

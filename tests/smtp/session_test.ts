import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash, createVerify, generateKeyPairSync } from "node:crypto";
import { Copas } from "../../mod.ts";
import { ClosedError } from "../../src/errors/errors.ts";
import { open, ReplyError, send, smtpFor } from "../../src/smtp/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { MailServer } from "../fixtures/mail_server.ts";
import { RawServer } from "../fixtures/raw_server.ts";

const server = "127.0.0.1";
const MAIL = {
  from: "me@here",
  rcpt: "you@there",
  source: "A: b\r\n\r\nHi\r\n",
};

/** A server that takes every mail, and answers as it is told; `asked` gets the commands. */
function scripted(
  replies: Record<string, string>,
  asked: string[] = [],
): RawServer {
  const all: Record<string, string> = {
    DATA: "354 go",
    RSET: "250 ok",
    RCPT: "250 ok",
    MAIL: "250 ok",
    EHLO: "250 me",
    QUIT: "221 bye",
    ...replies,
  };
  return new RawServer(async (peer) => {
    await peer.write("220 hi\r\n");
    for (let line; (line = await peer.until("\r\n")) !== "";) {
      asked.push(line.trim());
      const [verb] = line.trim().split(" ");
      await peer.write((all[verb] ?? "502 what") + "\r\n");
      if (verb !== "DATA") continue;
      await peer.until("\r\n.\r\n");
      await peer.write((all["."] ?? "250 ok") + "\r\n");
    }
  });
}

Deno.test("the server's answer to a mail is returned, with the name that it gave the mail", async () => {
  for (
    const [text, id] of [
      ["2.0.0 Ok: queued as 4F1C2D", "4F1C2D"],
      ["OK id=1rXyZ-0001-Qx", "1rXyZ-0001-Qx"],
      ["2.0.0 3bf2a1c9 Message accepted for delivery", "3bf2a1c9"],
      ["2.0.0 OK  1716 abc-9 - gsmtp", "abc-9"],
      ["2.6.0 <a@b.c> Queued mail for delivery", undefined],
      ["fine", undefined],
    ]
  ) {
    await using peer = scripted({ ".": `250 ${text}` });
    const sent = await send({ ...MAIL, server, port: peer.port });
    const accepted = ["you@there"];
    const expected = { reply: 250, text, accepted };
    assertEquals(sent, id === undefined ? expected : { ...expected, id });
  }
});

Deno.test("an open session sends several mails over one connection, and goes on after a refusal", async () => {
  await using mails = await MailServer.start();
  const login = { user: "me", password: "secret", secure: "none" } as const;
  await using session = await open({ server, port: mails.port, ...login });
  await session.send(MAIL);
  for (const wrong of [{ from: "no@here" }, { rcpt: ["no@a", "no@b"] }]) {
    await assertRejects(() => session.send({ ...MAIL, ...wrong }), ReplyError);
  }
  await session.send({ ...MAIL, rcpt: ["a@there", "b@there"] });
  assertEquals(mails.mails.map(({ to, user }) => [user, ...to]), [
    ["me", "you@there"],
    ["me", "a@there", "b@there"],
  ]);
});

Deno.test("a mail that was refused is forgotten before the next one", async () => {
  const asked: string[] = [];
  await using peer = scripted({ RCPT: "550 no" }, asked);
  await using session = await open({ server, port: peer.port });
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => session.send(MAIL), ReplyError);
  }
  assertEquals(asked.map((line) => line.split(" ")[0]), [
    ..."EHLO MAIL RCPT RSET MAIL RCPT".split(" "),
  ]);
});

Deno.test("where only some recipients are refused, no recipient gets the mail, and the session is closed", async () => {
  await using mails = await MailServer.start();
  const session = await open({ server, port: mails.port });
  const rcpt = ["a@there", "no@there"];
  await assertRejects(() => session.send({ ...MAIL, rcpt }), ReplyError);
  await assertRejects(() => session.send(MAIL), ClosedError, "is closed");
  await session.close();
  assertEquals(mails.mails, []);
});

Deno.test("a session sends one mail at a time, and close() breaks it off", async () => {
  await using mails = await MailServer.start();
  const session = await open({ server, port: mails.port });
  const begun = Promise.withResolvers<void>();
  const never = Promise.withResolvers<void>();
  const source = async function* () {
    yield "A: b\r\n\r\nhalf";
    begun.resolve();
    await never.promise;
  };
  const sending = session.send({ ...MAIL, source: source() });
  sending.catch(() => {});
  await begun.promise;
  await assertRejects(() => session.send(MAIL), Deno.errors.Busy);
  await session.close();
  await assertRejects(() => sending, ClosedError);
  await assertRejects(() => session.send(MAIL), ClosedError);
  never.resolve();
  assertEquals(mails.mails, []);
});

Deno.test("a session may be idle for longer than its timeout", async () => {
  await using peer = scripted({});
  const clock = new VirtualClock({ quiet: 0.05 });
  const copas = new Copas({ clock });
  const { port } = peer;
  const session = await smtpFor(copas).open({ server, port, timeout: 7 });
  let outcome: unknown;
  copas.addthread(async () => {
    await copas.pause(100);
    outcome = await session.send(MAIL).catch((error) => error);
    await session.close();
  });
  await copas.loop();
  assertEquals(outcome, { reply: 250, text: "ok", accepted: ["you@there"] });
});

Deno.test("what a mail in a session is given names no server", async () => {
  await using peer = scripted({});
  await using session = await open({ server, port: peer.port });
  for (
    const wrong of [
      { server: "x" },
      { password: "x" },
      { signal: 5 },
      { rcpt: "a@b>\r\nDATA" },
      { dkim: { domainName: "a", keySelector: "b" } },
      { dkim: { domainName: "a", keySelector: "b", privateKey: "s3cret" } },
      { dkim: { domainName: "a\r\nB: c", keySelector: "b", privateKey: "" } },
    ]
  ) {
    const params = { ...MAIL, ...wrong } as never;
    const error = await assertRejects(() => session.send(params), TypeError);
    assert(!error.message.includes("s3cret"), error.message);
  }
  await assertRejects(() => open({ server, from: "x" } as never), TypeError);
});

Deno.test("a token of OAuth2 logs in; a refused one is asked for again, once, and is in no message", async () => {
  const EHLO = "250-me\r\n250 AUTH XOAUTH2";
  const login = { user: "me", secure: "none" } as const;
  const asked: string[] = [];
  await using good = scripted({ EHLO, AUTH: "235 ok" }, asked);
  const mail = { ...MAIL, ...login, server };
  await send({ ...mail, port: good.port, accessToken: "t0ken" });
  const sasl = btoa("user=me\x01auth=Bearer t0ken\x01\x01");
  assertEquals(asked[1], `AUTH XOAUTH2 ${sasl}`);

  await using bad = scripted({ EHLO, AUTH: "334 e30=", "": "535 no" });
  const renewals: boolean[] = [];
  const accessToken = (renew: boolean) => {
    renewals.push(renew);
    return Promise.resolve("t0ken");
  };
  const error = await assertRejects(
    () => send({ ...mail, port: bad.port, accessToken }),
    ReplyError,
  );
  assertEquals([error.reply, renewals], [535, [false, true]]);
  const shown = Deno.inspect(error);
  assert(!shown.includes("t0ken") && !shown.includes(sasl), shown);

  const mine = new RangeError("mine");
  const fails = () => Promise.reject(mine);
  const told = await send({ ...mail, port: good.port, accessToken: fails })
    .catch((error) => error);
  assertEquals(told, mine);
  for (const wrong of ["a b", "", 5, undefined]) {
    const accessToken = wrong as string;
    await assertRejects(
      () => send({ ...mail, port: good.port, accessToken }),
      TypeError,
    );
  }
  const both = { ...mail, port: good.port, password: "x", accessToken: "y" };
  await assertRejects(() => send(both), TypeError);
});

Deno.test("a mail is signed, and the signature can be verified", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await using mails = await MailServer.start();
  const dkim = { domainName: "here", keySelector: "mail", privateKey };
  const source = async function* () {
    yield "From: me@here\r\nSubject: Hello\r\n\r\n";
    yield "How are  you?\n.\n\n";
  };
  await send({ ...MAIL, server, port: mails.port, source: source(), dkim });
  const [{ text }] = mails.mails;
  const [head, body] = text.split(/\r\n\r\n(.*)/s);
  const fields = head.split(/\r\n(?!\s)/);
  const of = (name: string) =>
    fields.find((field) => field.toLowerCase().startsWith(name + ":"))!;
  const relaxed = (field: string) => {
    const [, name, value] = /^(.*?):(.*)$/s.exec(field)!;
    return `${name.toLowerCase()}:${value.replace(/\s+/g, " ").trim()}`;
  };
  const own = relaxed(of("dkim-signature"));
  const tag = (name: string) =>
    new RegExp(`[ ;:]${name}=([^;]*)`).exec(own)![1].replace(/ /g, "");
  assertEquals([tag("d"), tag("s")], ["here", "mail"]);
  const plain = body.replace(/[ \t]+/g, " ").replace(/ \r\n/g, "\r\n")
    .replace(/(\r\n)*$/, "\r\n");
  assertEquals(tag("bh"), createHash("sha256").update(plain).digest("base64"));
  const signedText = [
    ...tag("h").split(":").map((name) => relaxed(of(name)) + "\r\n"),
    own.replace(/([ ;]b=)[^;]*$/, "$1"),
  ].join("");
  const verify = createVerify("RSA-SHA256").update(signedText);
  assert(verify.verify(publicKey, tag("b"), "base64"));
});

Deno.test("an error of a signed mail's content reaches the caller as it is", async () => {
  const { privateKey } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await using mails = await MailServer.start();
  const mine = new RangeError("mine");
  const source = async function* () {
    yield "A: b\r\n\r\nhalf";
    await Promise.reject(mine);
  };
  const dkim = { domainName: "here", keySelector: "mail", privateKey };
  const params = { ...MAIL, server, port: mails.port, source: source(), dkim };
  assertEquals(await send(params).catch((error) => error), mine);
  assertEquals(mails.mails, []);
});

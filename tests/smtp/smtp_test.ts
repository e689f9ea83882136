import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Copas } from "../../mod.ts";
import {
  CancelledError,
  ClosedError,
  HandshakeError,
  TimeoutError,
  TooLongError,
} from "../../src/errors/errors.ts";
import {
  type Message,
  message,
  ReplyError,
  send,
  smtpFor,
  type SmtpParams,
} from "../../src/smtp/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { MailServer } from "../fixtures/mail_server.ts";
import { closedPort, RawServer } from "../fixtures/raw_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const MAIL = {
  from: "<me@here>",
  rcpt: "you@there",
  server: "127.0.0.1",
  source: "Subject: x\r\n\r\nHello\r\n",
};

Deno.test("a mail arrives, with its envelope and its text", async () => {
  await using server = await MailServer.start();
  const { port } = server;
  assertEquals((await send({ ...MAIL, port, domain: "my.host" })).reply, 250);
  const [{ from, to, text, secure, domain }] = server.mails;
  assertEquals([from, to, secure], ["me@here", ["you@there"], false]);
  assertEquals(domain, "my.host");
  assertEquals(text, "Subject: x\r\n\r\nHello\r\n");
});

Deno.test("several recipients get one mail", async () => {
  await using server = await MailServer.start();
  const rcpt = ["a@there", "<b@there>", "c.d+e@there"];
  await send({ ...MAIL, rcpt, port: server.port });
  assertEquals(server.mails.length, 1);
  assertEquals(server.mails[0].to.length, 3);
});

Deno.test("lines with a dot, and lines without CR, arrive as they were meant", async () => {
  await using server = await MailServer.start();
  const source = "A: b\n\n.\n..x\n.y\nlast";
  await send({ ...MAIL, source, port: server.port });
  assertEquals(server.mails[0].text, "A: b\r\n\r\n.\r\n..x\r\n.y\r\nlast\r\n");
});

Deno.test("a stream is a source", async () => {
  await using server = await MailServer.start();
  const source = async function* () {
    yield "A: b\r\n\r\n";
    for (let i = 0; i < 50; i++) yield new Uint8Array(1000).fill(97);
  }();
  await send({ ...MAIL, source, port: server.port });
  assertEquals(server.mails[0].text.length, 50_000 + 10);
});

Deno.test("a login is used, and a wrong one is a ReplyError without the password", async () => {
  await using server = await MailServer.start();
  const params = {
    ...MAIL,
    port: server.port,
    user: "me",
    secure: "none",
  } as const;
  await send({ ...params, password: "secret" });
  assertEquals(server.mails[0].user, "me");
  const error = await assertRejects(
    () => send({ ...params, password: "wr0ng" }),
    ReplyError,
  );
  assertEquals([error.code, error.reply], ["refused", 535]);
  const shown = Deno.inspect(error);
  assert(shown.includes(`Cannot send mail by smtp://127.0.0.1:${server.port}`));
  assert(!shown.includes("wr0ng") && !shown.includes(btoa("wr0ng")), shown);
});

Deno.test("where a recipient is refused, no recipient gets the mail, and the error names all that were", async () => {
  await using server = await MailServer.start();
  const rcpt = ["a@there", "nobody@there", "b@there", "none@there"];
  const refused = ["nobody@there", "none@there"];
  const error = await assertRejects(
    () => send({ ...MAIL, rcpt, port: server.port }),
    ReplyError,
  );
  assertEquals([error.reply, error.refused], [550, refused]);
  assertEquals(error.accepted, []);
  assert(error.message.includes(refused.join(", ")), error.message);
  const all = await assertRejects(
    () => send({ ...MAIL, rcpt: refused, port: server.port }),
    ReplyError,
  );
  assertEquals(all.refused, refused);
  assertEquals(server.mails, []);
});

Deno.test("a refused sender is a ReplyError", async () => {
  await using server = await MailServer.start();
  const error = await assertRejects(
    () => send({ ...MAIL, from: "no@here", port: server.port }),
    ReplyError,
  );
  assertEquals(error.reply, 550);
});

Deno.test("a password goes over TLS, or nothing is sent", async () => {
  await using server = await MailServer.start();
  const login = { ...MAIL, port: server.port, user: "me", password: "secret" };
  for (const secure of [undefined, "offered", "required"] as const) {
    await assertRejects(() => send({ ...login, secure }), HandshakeError);
  }
  assertEquals(server.mails, []);
  await send({ ...login, secure: "none" });
  assertEquals([server.mails[0].user, server.mails[0].secure], ["me", false]);
});

tlsTest("TLS that is not wanted is not used", async ({ localhost }) => {
  await using server = await MailServer.start(localhost);
  await send({ ...MAIL, port: server.port, secure: "none" });
  assertEquals(server.mails[0].secure, false);
});

/** A mail server that offers what is given, and answers as it is told. */
function scripted(replies: Record<string, string>): RawServer {
  const all: Record<string, string> = {
    "": "220 hi",
    MAIL: "250 ok",
    ...replies,
  };
  return new RawServer(async (peer) => {
    await peer.write(all[""] + "\r\n");
    for (let line; (line = await peer.until("\r\n")) !== "";) {
      const reply = all[line.trim().split(" ")[0]] ?? "502 what";
      await peer.write(reply + "\r\n");
    }
  });
}

Deno.test("whatever a mail server fails with is one of the documented classes", async () => {
  const login = { user: "me", password: "s3cret", secure: "none" } as const;
  // deno-lint-ignore no-explicit-any
  const cases: [Record<string, string>, object, any][] = [
    [{ EHLO: "250-me\r\n250 AUTH XOAUTH2" }, login, ReplyError],
    [{ EHLO: "250-me\r\n250 SIZE 5" }, {}, ReplyError],
    [{ EHLO: "250 me", MAIL: "x".repeat(200_000) }, {}, TooLongError],
    [{ "": "120 later" }, {}, ReplyError],
    [{ "": "hello" }, {}, Deno.errors.InvalidData],
    [{ EHLO: "502 no", HELO: "502 no" }, {}, ReplyError],
    [{ EHLO: "502 no" }, { secure: "required" }, HandshakeError],
    [{ EHLO: "250 me", AUTH: "421 later" }, login, ReplyError],
  ];
  for (const [replies, more, type] of cases) {
    await using server = scripted(replies);
    const params = { ...MAIL, port: server.port, ...more };
    const error = await assertRejects(() => send(params)) as Error;
    assert(error instanceof type, `${Deno.inspect(replies)}: ${error}`);
    assert(!Deno.inspect(error).includes("s3cret"), Deno.inspect(error));
  }
});

tlsTest("STARTTLS is used when it is offered", async ({ localhost, trust }) => {
  await using server = await MailServer.start(localhost);
  const params = { ...MAIL, server: "localhost", port: server.port };
  await send({ ...params, sslparams: trust, user: "me", password: "secret" });
  const [{ secure, user }] = server.mails;
  assertEquals([secure, user], [true, "me"]);
});

tlsTest(
  "STARTTLS with authorities of its own needs no permission but for the address",
  async ({ localhost, trust }) => {
    await using server = await MailServer.start(localhost);
    const params = {
      ...MAIL,
      server: "localhost",
      port: server.port,
      sslparams: trust,
      secure: "required",
    };
    const { stdout, stderr } = await runScript(
      `import { send } from "{src}/smtp/mod.ts";
       await send(${JSON.stringify(params)});
       console.log("sent");`,
      [`--allow-net=localhost:${server.port}`],
    );
    assertEquals([stdout, stderr], ["sent\n", ""]);
    assertEquals(server.mails.map(({ secure }) => secure), [true]);
  },
);

tlsTest(
  "a server with a certificate that is not trusted, or not its own, gets nothing",
  async ({ localhost, trust, authority }) => {
    await using server = await MailServer.start(localhost);
    const params = { ...MAIL, server: "localhost", port: server.port };
    await assertRejects(() => send(params), HandshakeError);
    const other = await authority.issue({ cn: "x", names: "DNS:other.host" });
    await using wrong = await MailServer.start(other);
    await assertRejects(
      () => send({ ...params, port: wrong.port, sslparams: trust }),
      HandshakeError,
    );
    assertEquals([...server.mails, ...wrong.mails], []);
  },
);

Deno.test("STARTTLS that is required and not offered lets nothing be sent", async () => {
  await using server = await MailServer.start();
  const params: SmtpParams = { ...MAIL, port: server.port, secure: "required" };
  await assertRejects(() => send(params), HandshakeError);
  assertEquals(server.mails, []);
});

tlsTest(
  "implicit TLS begins with the handshake",
  async ({ localhost, trust }) => {
    await using server = await MailServer.start({ secure: true, ...localhost });
    const params: SmtpParams = {
      ...MAIL,
      server: "localhost",
      port: server.port,
      secure: "implicit",
    };
    await send({ ...params, sslparams: async () => await trust });
    assertEquals(server.mails[0].secure, true);
    await assertRejects(() => send(params), HandshakeError);
  },
);

// --- Messages -----------------------------------------------------------------------

async function textOf(given: Message): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of message(given)) pieces.push(piece);
  return await new Blob(pieces as BlobPart[]).text();
}

Deno.test("a message has the headers that a mail needs, and its own are encoded", async () => {
  const text = await textOf({
    headers: {
      From: "Mé <me@here>",
      To: "you@there",
      Bcc: "hidden@there",
      Subject: "Grüße",
      "X-Own": "1",
    },
    body: "Hello",
  });
  const [head, body] = text.split("\r\n\r\n");
  for (
    const line of [
      /^From: =\?UTF-8\?\S+\?= <me@here>$/m,
      /^To: you@there$/m,
      /^Subject: =\?UTF-8\?\S+\?=$/m,
      /^X-Own: 1$/m,
      /^Date: /m,
      /^Message-ID: <.*@here>$/im,
      /^MIME-Version: 1.0$/m,
      /^Content-Type: text\/plain; charset=utf-8$/m,
    ]
  ) assert(line.test(head), `${line}: ${head}`);
  assert(!head.includes("hidden"), head);
  assertEquals(body.trimEnd(), "Hello");
});

Deno.test("a body of several parts, and parts of parts", async () => {
  const text = await textOf({
    headers: { "content-type": "multipart/alternative" },
    body: [
      { body: "plain" },
      {
        headers: { "Content-Type": "multipart/related" },
        body: [{ headers: { "Content-Type": "text/html" }, body: "<p>" }],
      },
    ],
  });
  assert(/multipart\/alternative;\s+boundary="/.test(text), text);
  assert(/multipart\/related;\s+boundary="/.test(text), text);
  assert(text.includes("text/plain") && text.includes("text/html"), text);
});

Deno.test("an attachment arrives byte for byte", async () => {
  const bytes = new Uint8Array(10_000).map((_, i) => i * 7);
  await using server = await MailServer.start();
  const content = new Blob([bytes]).stream();
  await send({
    from: "me@here",
    rcpt: "you@there",
    server: "127.0.0.1",
    port: server.port,
    message: {
      headers: { Subject: "x" },
      body: "see there",
      attachments: [
        { filename: "dätä.bin", content: bytes },
        { filename: "notes.txt", content: "a\nb" },
        { filename: "pic", type: "image/png", content },
      ],
    },
  });
  const [{ text }] = server.mails;
  assert(/^Content-Type: multipart\/mixed/m.test(text), text);
  assert(text.includes("Content-Type: image/png"), text);
  assert(/filename\*?0?\*?=(utf-8'')?notes.txt/i.test(text), text);
  const base64 = text.split("\r\n\r\n")[3].split("\r\n--")[0];
  const got = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  assertEquals(got, bytes);
  assert(text.includes(btoa("a\nb")), text);
});

Deno.test("a wrong argument is refused before anything is sent", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const good = { ...MAIL, port: server.port };
  const smuggled = "x\r\nRCPT TO:<evil@there>";
  // deno-lint-ignore no-explicit-any
  const wrong: any[] = [
    null,
    {},
    { ...good, unknown: 1 },
    { ...good, from: undefined },
    { ...good, from: "" },
    { ...good, from: smuggled },
    { ...good, from: "a@b> SIZE=1" },
    { ...good, from: "a@b c" },
    { ...good, rcpt: [] },
    { ...good, rcpt: ["a@b", smuggled] },
    { ...good, rcpt: "a@b>\nDATA" },
    { ...good, rcpt: "" },
    { ...good, domain: smuggled },
    { ...good, domain: "" },
    { ...good, server: "a b" },
    { ...good, port: 70000 },
    { ...good, user: "me" },
    { ...good, user: "me", password: "s3cret\r\nQUIT" },
    { ...good, source: undefined },
    { ...good, message: { body: "both" } },
    { ...good, source: 5 },
    { ...good, secure: true },
    { ...good, timeout: { read: 1 } },
    { ...good, source: undefined, message: { headers: { a: smuggled } } },
    { ...good, source: undefined, message: { headers: { [smuggled]: "a" } } },
    {
      ...good,
      source: undefined,
      message: { attachments: [{ filename: smuggled, content: "" }] },
    },
  ];
  for (const params of wrong) {
    const error = await assertRejects(() => send(params)) as Error;
    const isRight = error instanceof TypeError || error instanceof RangeError;
    assert(isRight, `${Deno.inspect(params)}: ${Deno.inspect(error)}`);
    assert(!/s3cret|\n/.test(error.message), error.message);
  }
  assertThrows(() => message({ headers: { A: "b\nC: d" } }), TypeError);
  assertEquals(server.count, 0);
});

// --- Servers that misbehave, and who ends what --------------------------------------------

Deno.test("a refused connection is Deno's, a server that hangs up is a ClosedError", async () => {
  const error = await assertRejects(
    () => send({ ...MAIL, port: closedPort() }),
    Deno.errors.ConnectionRefused,
  );
  assert(error.message.startsWith("Cannot send mail by smtp://"));
  for (const text of ["", "220 hi\r\n", "220 hi"]) {
    await using server = new RawServer((peer) => peer.write(text));
    await assertRejects(
      () => send({ ...MAIL, port: server.port }),
      ClosedError,
    );
  }
});

for (const greeting of ["", "220 hi\r\n"]) {
  const where = greeting === "" ? "before the greeting" : "after EHLO";
  Deno.test(`a server that says nothing ${where} is given up after the timeout`, async () => {
    await using server = new RawServer(async (peer) => {
      await peer.write(greeting);
      await peer.gone();
    });
    const clock = new VirtualClock({ quiet: 0.05 });
    const error = await assertRejects(
      () =>
        smtpFor(new Copas({ clock })).send({
          ...MAIL,
          port: server.port,
          timeout: 7,
        }),
      TimeoutError,
    );
    assert(error.message.includes("timed out after 7 s"), error.message);
    assertEquals(Math.round(clock.now()), 7);
  });
}

Deno.test("step() alone drives a mail; removethread ends one and frees its connection", async () => {
  const copas = new Copas();
  await using good = await MailServer.start();
  copas.addthread(() => smtpFor(copas).send({ ...MAIL, port: good.port }));
  while (!copas.finished()) await copas.step(0.01);
  assertEquals(good.mails.length, 1);

  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer) => {
    await peer.write("220 hi\r\n");
    await peer.until("\r\n");
    asked.resolve();
    await peer.gone();
    gone.resolve();
  });
  let error: unknown;
  const task = copas.addthread(async () => {
    try {
      await smtpFor(copas).send({ ...MAIL, port: server.port });
    } catch (caught) {
      error = caught;
    }
  });
  asked.promise.then(() => copas.removethread(task));
  await copas.loop();
  assert(error instanceof CancelledError, String(error));
  await gone.promise;
});

Deno.test("an error of the source ends the connection, and reaches the caller as it is", async () => {
  await using server = await MailServer.start();
  const mine = new RangeError("mine");
  const source = async function* () {
    yield "A: b\r\n\r\nhalf of the";
    await Promise.reject(mine);
  }();
  const params = { ...MAIL, source, port: server.port };
  const error = await send(params).catch((error) => error);
  assertEquals(error, mine);
  assertEquals(server.mails, []);
});

Deno.test("an SMTP server's endless blank lines are bounded", async () => {
  for (const greeting of ["", "220 here\r\n"]) {
    let written = 0;
    await using server = new RawServer(async (peer) => {
      await peer.write(greeting);
      const blank = "\r\n".repeat(32768);
      for (; written < 500; written++) await peer.write(blank);
    });
    await assertRejects(
      () => send({ ...MAIL, port: server.port }),
      TooLongError,
      "bytes of replies",
    );
    await server.ended;
    assert(written < 500);
  }
});

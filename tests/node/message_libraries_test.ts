// Libraries of messages, mail and shells, over the dispatcher's connections.

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { generateKeyPairSync } from "node:crypto";
import { assertEquals } from "@std/assert";
import { duplex, listener, socketof } from "../../src/node/mod.ts";
import { smtpFor } from "../../src/smtp/mod.ts";
import { libraryTest, npm } from "../fixtures/npm_package.ts";
import { World } from "../fixtures/tls_world.ts";

const mqtt = await npm("mqtt@^5.16.0");
const aedes = await npm("aedes@^1.2.0");
const smtpServer = await npm("smtp-server@^3.21.6");
const ssh2 = await npm("ssh2@^1.17.0");
const dnsPacket = await npm("dns-packet@^5.6.1");
const msgpack = await npm("@msgpack/msgpack@^3.1.0");

// deno-lint-ignore no-explicit-any
type Any = any;

libraryTest(
  "mqtt and aedes: a message reaches its subscriber, broker and clients over our sockets",
  [mqtt, aedes],
  async () => {
    const world = new World();
    const broker = await aedes.Aedes.createBroker();
    const port = world.servePlain(listener(world.copas, broker.handle));
    await world.run(async () => {
      const client = async (): Promise<Any> => {
        const skt = await world.copas.socket.connect("127.0.0.1", port);
        const made = new mqtt.MqttClient(() => duplex(skt), {
          reconnectPeriod: 0,
        });
        await world.copas.wait(once(made, "connect"));
        return made;
      };
      const reader = await client();
      const writer = await client();
      await world.copas.wait(reader.subscribeAsync("news/#", { qos: 1 }));
      const message = once(reader, "message");
      await world.copas.wait(
        writer.publishAsync("news/today", "rain", { qos: 1 }),
      );
      const [topic, payload] = await world.copas.wait(message);
      assertEquals([topic, String(payload)], ["news/today", "rain"]);
      await world.copas.wait(reader.endAsync());
      await world.copas.wait(writer.endAsync());
      await world.copas.wait(
        new Promise<void>((resolve) => broker.close(resolve)),
      );
    });
    assertEquals(world.errors, []);
  },
);

libraryTest(
  "smtp-server: it takes a mail that ./smtp sends, both over our sockets",
  [smtpServer],
  async () => {
    const world = new World();
    const mails: string[] = [];
    const server = new smtpServer.SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"],
      disableReverseLookup: true,
      async onData(stream: AsyncIterable<Uint8Array>, _: Any, done: Any) {
        let text = "";
        for await (const piece of stream) text += piece;
        mails.push(text);
        done();
      },
    });
    const port = world.servePlain(listener(world.copas, server.server));
    await world.run(async () => {
      await smtpFor(world.copas).send({
        ...{ from: "<a@example.com>", rcpt: "<b@example.com>" },
        ...{ server: "127.0.0.1", port, secure: "none" },
        source: "Subject: hello\r\n\r\nA mail.\r\n",
      } as Any);
    });
    assertEquals(mails.map((mail) => mail.includes("A mail.")), [true]);
    assertEquals(world.errors, []);
  },
);

libraryTest(
  "ssh2: a command runs over our sockets on both sides, and its channel is a Copas socket",
  [ssh2],
  async () => {
    const world = new World();
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "pkcs1", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const { Server, Client } = ssh2.default ?? ssh2;
    const server = new Server({ hostKeys: [privateKey] }, (client: Any) => {
      client.on("authentication", (context: Any) => context.accept());
      client.on("error", () => {});
      client.on("session", (accept: Any) => {
        accept().on("exec", (accept: Any, _: unknown, info: Any) => {
          const channel = accept();
          channel.write(`ran ${info.command}\n`);
          channel.on("data", (line: unknown) => {
            channel.write(`heard ${line}`);
            channel.exit(0);
            channel.end();
          });
        });
      });
    });
    const port = world.servePlain(
      listener(world.copas, (socket) => server.injectSocket(socket)),
    );
    await world.run(async () => {
      const skt = await world.copas.socket.connect("127.0.0.1", port);
      const client = new Client();
      const ready = once(client, "ready");
      client.connect({ sock: duplex(skt), username: "ada", password: "x" });
      await world.copas.wait(ready);
      const channel: Any = await world.copas.wait(
        new Promise((resolve, reject) =>
          client.exec(
            "date",
            (error: unknown, channel: unknown) =>
              error ? reject(error) : resolve(channel),
          )
        ),
      );
      const lines = socketof(channel, world.copas);
      assertEquals(await lines.receive(), "ran date");
      await lines.send("ping\n");
      assertEquals(await lines.receive(), "heard ping");
      assertEquals(await lines.receive(), null);
      await lines.close();
      const closed = once(client, "close");
      client.end();
      await world.copas.wait(closed);
    });
    assertEquals(world.errors, []);
  },
);

libraryTest(
  "dns-packet: DNS over TCP is frames of two bytes of length",
  [dnsPacket],
  async () => {
    const { decode, encode } = dnsPacket.default ?? dnsPacket;
    const world = new World();
    const port = world.servePlain(world.copas.handler(async (skt) => {
      for (let frame; (frame = await skt.receiveframe({ bytes: 2 }));) {
        const { id, questions } = decode(Buffer.from(frame));
        const answers = [{
          ...{ type: "A", name: questions[0].name },
          ...{ ttl: 60, data: "192.0.2.1" },
        }];
        const reply = encode({ type: "response", id, questions, answers });
        await skt.sendframe(reply, { bytes: 2 });
      }
    }));
    await world.run(async () => {
      const skt = await world.copas.socket.connect("127.0.0.1", port);
      const question = { type: "A", name: "example.com" };
      await skt.sendframe(
        encode({ type: "query", id: 7, questions: [question] }),
        { bytes: 2 },
      );
      const { id, answers } = decode(
        Buffer.from((await skt.receiveframe({ bytes: 2 }))!),
      );
      assertEquals([id, answers[0].data], [7, "192.0.2.1"]);
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

libraryTest(
  "msgpack: values go in frames of four bytes of length",
  [msgpack],
  async () => {
    const { decode, encode } = msgpack;
    const world = new World();
    const port = world.servePlain(world.copas.handler(async (skt) => {
      for (let frame; (frame = await skt.receiveframe());) {
        const [method, ...numbers] = decode(frame) as [string, ...number[]];
        const sum = numbers.reduce((a, b) => a + b, 0);
        await skt.sendframe(encode({ method, sum }));
      }
    }));
    await world.run(async () => {
      const skt = await world.copas.socket.connect("127.0.0.1", port);
      await skt.sendframe(encode(["add", 1, 2, 39]));
      const answer = decode((await skt.receiveframe())!);
      assertEquals(answer, { method: "add", sum: 42 });
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

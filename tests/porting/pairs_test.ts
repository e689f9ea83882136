// Each program of examples/porting/ is there in Lua and in TypeScript. Both run,
// and the same client finds no difference.

import { assertEquals } from "@std/assert";
import { converse, overConnection } from "../examples/fixtures/connection.ts";
import type { Conversation } from "../examples/fixtures/conversation.ts";
import { hearPacket, sayPacket } from "./fixtures/mqtt_broker.ts";
import {
  folder,
  hasLuaCopas,
  type PortingProgram,
  withProgram,
} from "./fixtures/porting_program.ts";

/** Registers a test of both programs of a pair. */
function testPair(
  name: string,
  does: string,
  fn: (file: string) => Promise<void>,
): void {
  for (const file of [`${name}.lua`, `${name}.ts`]) {
    const ignore = file.endsWith(".lua") && !hasLuaCopas;
    Deno.test({ name: `${file}: ${does}`, ignore, fn: () => fn(file) });
  }
}

/** The test of a pair of servers: `talk` is a client's conversation with it. */
function testServers(
  name: string,
  does: string,
  talk: (client: Conversation, server: PortingProgram) => Promise<void>,
): void {
  testPair(name, does, (file) =>
    withProgram(file, async (server) => {
      const client = await converse(server.port, "bytes");
      try {
        await talk(client, server);
      } finally {
        await client.hangUp();
      }
    }));
}

/** The test of a pair of clients: `talk` is a server's conversation with it. */
function testClients(
  name: string,
  does: string,
  talk: (peer: Conversation, client: PortingProgram) => Promise<void>,
): void {
  testPair(name, does, async (file) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await withProgram(file, async (client) => {
      const peer = overConnection(await listener.accept(), "bytes");
      try {
        await talk(peer, client);
      } finally {
        await peer.hangUp();
      }
    }, listener.addr.port);
  });
}

Deno.test("every program for porting is there in both languages", () => {
  const files = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  const names = (end: string) =>
    files.filter((file) => file.endsWith(end) && file !== "sha1.lua")
      .map((file) => file.slice(0, -end.length)).sort();
  assertEquals(names(".lua"), names(".ts"));
});

testServers("echo", "lines come back, until one says quit", async (client) => {
  await client.say("one\ntwo\r\n\nquit\nnot this one\n");
  assertEquals(await client.hearLine(), "one");
  assertEquals(await client.hearLine(), "two");
  assertEquals(await client.hearLine(), "");
  // What the server has not read makes the end a reset, or an end.
  assertEquals(await client.hearAll().catch(() => ""), "");
});

testServers(
  "echo",
  "a client that leaves ends only its own conversation",
  async (client, server) => {
    const other = await converse(server.port);
    await other.say("half a li");
    await other.hangUp();
    await client.say("still there\n");
    assertEquals(await client.hearLine(), "still there");
  },
);

testServers(
  "request",
  "the answer tells how long the request was",
  async (client) => {
    await client.say("GET / HTTP/1.0\r\nhost: gr\xc3\xbc\xc3\x9fe\r\n\r\n");
    assertEquals(await client.hearAll(), "2 lines, 27 bytes\n");
  },
);

testServers(
  "request",
  "a request without its end has no answer",
  async (client) => {
    await client.say("GET / HTTP/1.0\r\n");
    await client.end();
    assertEquals(await client.hearAll(), "");
  },
);

testPair(
  "datagram",
  "every datagram is answered, whichever client sent it",
  (file) =>
    withProgram(file, async ({ port }) => {
      const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
      for (const text of ["one", "grüße"]) {
        const client = Deno.listenDatagram({ ...to, port: 0 });
        try {
          const bytes = new TextEncoder().encode(text);
          await client.send(bytes, to);
          const [answer] = await client.receive();
          const expected = `${bytes.length} bytes: ${text}`;
          assertEquals(new TextDecoder().decode(answer), expected);
        } finally {
          client.close();
        }
      }
    }),
);

testClients(
  "outgoing",
  "records are printed whole, however they arrive",
  async (peer, client) => {
    for (const piece of ["firstse", "c", "ndquit", "!"]) await peer.say(piece);
    assertEquals(await client.printed(), "first\nsecnd\nquit!\n");
  },
);

testClients(
  "outgoing",
  "an end within a record is told apart from records",
  async (peer, client) => {
    await peer.say("firstsec");
    await peer.end();
    assertEquals(await client.printed(), "first\nclosed after 3 bytes\n");
  },
);

testClients(
  "outgoing",
  "an end between two records ends the program as well",
  async (peer, client) => {
    await peer.say("first");
    await peer.end();
    assertEquals(await client.printed(), "first\nclosed after 0 bytes\n");
  },
);

testServers(
  "own_loop",
  "the program works, serves, and ends",
  async (client, server) => {
    await client.say("how far?\n");
    assertEquals(await client.hearLine(), "counted: true");
    await client.say("stop\n");
    assertEquals((await server.printed()).split("\n")[1], "stopped");
  },
);

testClients(
  "mqtt",
  "it connects, subscribes, publishes, and prints messages",
  async (broker, client) => {
    const text = (s: string) => `\0${String.fromCharCode(s.length)}${s}`;
    assertEquals(await hearPacket(broker), [
      0x10,
      `${text("MQTT")}\x04\x02\0\x3c${text("porting")}`,
    ]);
    await sayPacket(broker, 0x20, "\0\0");
    assertEquals(await hearPacket(broker), [
      0x82,
      `\0\x01${text("greetings")}\0`,
    ]);
    await sayPacket(broker, 0x90, "\0\x01\0");
    const hello = `${text("greetings")}hello`;
    assertEquals(await hearPacket(broker), [0x30, hello]);
    await sayPacket(broker, 0x30, hello);
    const long = "x".repeat(300);
    await sayPacket(broker, 0x30, text("greetings") + long);
    await sayPacket(broker, 0x30, `${text("greetings")}quit`);
    assertEquals(await hearPacket(broker), [0xe0, ""]);
    assertEquals(
      await client.printed(),
      `greetings: hello\ngreetings: ${long}\ngreetings: quit\n`,
    );
  },
);

testPair(
  "websocket",
  "a browser's WebSocket gets its messages back",
  (file) =>
    withProgram(file, async ({ port }) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      socket.binaryType = "arraybuffer";
      const events = new EventQueue(socket);
      assertEquals((await events.next()).type, "open");
      for (const text of ["hello", "", "grüße", "x".repeat(60_000)]) {
        socket.send(text);
        assertEquals((await events.next()).data, text);
      }
      socket.send(new Uint8Array([0, 255, 10]));
      const { data } = await events.next();
      assertEquals(new Uint8Array(data as ArrayBuffer).join(), "0,255,10");
      socket.close(1000);
      const { type, code } = await events.next();
      assertEquals([type, code], ["close", 1000]);
    }),
);

testServers(
  "websocket",
  "what is no WebSocket's request is refused",
  async (client) => {
    await client.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assertEquals(await client.hearLine(), "HTTP/1.1 400 Bad Request");
  },
);

for (const name of ["outgoing", "mqtt"]) {
  testPair(name, "the program ends where no server listens", async (file) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await withProgram(
      file,
      async (client) => assertEquals(await client.printed(), ""),
      port,
      /refused/,
    );
  });
}

testPair(
  "mqtt",
  "the program ends when the broker refuses it",
  async (file) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await withProgram(
      file,
      async (client) => {
        const broker = overConnection(await listener.accept(), "bytes");
        await hearPacket(broker);
        await sayPacket(broker, 0x20, "\0\x05");
        assertEquals(await client.printed(), "");
        await broker.hangUp();
      },
      listener.addr.port,
      /the broker refuses the connection/,
    );
  },
);

/** The events of a WebSocket, one after another. */
class EventQueue {
  readonly #events: (MessageEvent & CloseEvent)[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    for (const type of ["open", "message", "close", "error"]) {
      socket.addEventListener(type, (event) => {
        this.#events.push(event as MessageEvent & CloseEvent);
        this.#arrived.resolve();
      });
    }
  }

  async next(): Promise<MessageEvent & CloseEvent> {
    while (this.#events.length === 0) {
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
    return this.#events.shift()!;
  }
}

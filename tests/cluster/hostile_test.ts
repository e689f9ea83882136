// Servers that are none of NATS, and what other programs leave on the subjects.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Copas, TimeoutError } from "../../mod.ts";
import { EngineError } from "../../src/cluster/mod.ts";
import { connect } from "../../src/cluster_nats/mod.ts";
import { RawServer } from "../fixtures/raw_server.ts";
import { hasNats, NatsServers } from "./fixtures/nats_servers.ts";

const INFO = `INFO {"server_id":"X","version":"2.10.0","headers":true}\r\n`;

/** Connects to a server that introduces itself with `info`. */
function connectTo(server: RawServer, copas = new Copas()) {
  const url = `nats://127.0.0.1:${server.port}`;
  return connect(url, { copas, timeout: 1, connecttimeout: 0.3 });
}

Deno.test("a server that does not introduce itself as one of NATS is refused, and named", async () => {
  for (const info of ["HTTP/1.1 400 No\r\n", "INFO {no\r\n", "INFO null\r\n"]) {
    await using server = new RawServer(async (peer) => {
      await peer.write(info);
      await peer.gone();
    });
    await assertRejects(
      () => connectTo(server),
      Deno.errors.InvalidData,
      `127.0.0.1:${server.port}`,
      info,
    );
  }
});

Deno.test("a server that says nothing is a TimeoutError of Copas's that names it", async () => {
  await using server = new RawServer((peer) => peer.gone());
  await assertRejects(
    () => connectTo(server),
    TimeoutError,
    `127.0.0.1:${server.port}`,
  );
});

Deno.test("an answer that JetStream does not give is an EngineError", async () => {
  await using server = new RawServer(async (peer) => {
    await peer.write(INFO);
    await peer.until("PING\r\n");
    await peer.write("PONG\r\n");
    const request = await peer.until("\r\n\r\n");
    const inbox = /PUB \$JS\.API\.INFO (\S+)/.exec(request)?.[1];
    const sid = /SUB \S+ (\d+)/.exec(request)?.[1] ?? "1";
    await peer.write(`MSG ${inbox} ${sid} 8\r\n"error" \r\n`);
    await peer.gone();
  });
  await assertRejects(
    () => connectTo(server),
    EngineError,
    "none of JetStream's",
  );
});

Deno.test("a server that sends what is no NATS is left at once, and its bytes are not kept", async () => {
  let sent = 0;
  const first = Promise.withResolvers<number>();
  await using server = new RawServer(async (peer, number) => {
    await peer.write(INFO);
    await peer.until("PING\r\n");
    await peer.write("PONG\r\n");
    if (number > 1) return void await peer.gone();
    const block = new Uint8Array(1024 * 1024);
    try {
      for (; sent < 200; sent++) await peer.write(block);
    } finally {
      first.resolve(sent);
    }
  });
  await assertRejects(() => connectTo(server));
  assert(await first.promise < 100, String(sent));
});

Deno.test({
  name: "what another program publishes among the keys is none of them",
  ignore: !hasNats,
  fn: async () => {
    await using servers = await NatsServers.start();
    const copas = new Copas();
    await using cluster = await connect(servers.url, { copas, timeout: 10 });
    const names = cluster.keys<string>({ name: "names" });
    await using _ann = await names.take("ann", "room1");
    const other = await copas.wait(
      Deno.connect({
        hostname: "127.0.0.1",
        port: Number(new URL(servers.url).port),
      }),
    );
    const text =
      "CONNECT {}\r\nPUB copas.keys.names.!!! 2\r\nhi\r\nPUB copas.keys.names.YQ== 2\r\nhi\r\nPING\r\n";
    await copas.wait(other.write(new TextEncoder().encode(text)));
    const into = new Uint8Array(65536);
    for (let all = ""; !all.includes("PONG");) {
      const count = await copas.wait(other.read(into));
      all += new TextDecoder().decode(into.subarray(0, count ?? 0));
    }
    other.close();
    assertEquals([...await names.list(10)], [["ann", "room1"]]);
    await assertRejects(() => names.take("\ud800", "x"), RangeError);
  },
});

Deno.test({
  name:
    "an id or a subject that the server would not take is refused, and named",
  ignore: !hasNats,
  fn: async () => {
    await using servers = await NatsServers.start();
    const copas = new Copas();
    await using cluster = await connect(servers.url, { copas, timeout: 10 });
    const jobs = cluster.queue<number>({ name: "jobs" });
    for (const id of ["", "a\r\nb", "x".repeat(1025)]) {
      await assertRejects(() => jobs.push(1, { id }), RangeError, "the id", id);
    }
    // A longer one would make the server close the connection.
    const subject = "x".repeat(5000);
    await assertRejects(
      () => cluster.publish(subject, "x"),
      RangeError,
      "the subject",
    );
    assertThrows(() => cluster.subscribe(subject), RangeError, "the subject");
    assertThrows(() => cluster.subscribe("a\0b"), RangeError, "the subject");
  },
});

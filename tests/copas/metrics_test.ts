// The snapshot of what a dispatcher has counted.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas, type MetricInfo, type Metrics } from "../../mod.ts";
import { RealClock } from "../../src/core/clock.ts";
import { TimeoutError } from "../../src/errors/errors.ts";
import { scripted } from "../fixtures/socket_script.ts";
import { Authority, hasOpenssl } from "../fixtures/certificates.ts";
import { virtual } from "../fixtures/virtual.ts";

/** The values of a metric that is a number, by the first attribute. */
function values(
  copas: Copas,
  name: keyof Metrics,
): Record<string, number> {
  const metric: MetricInfo & { points: readonly unknown[] } =
    copas.metrics()[name];
  const points = metric.points as {
    attributes: Record<string, string>;
    value: number;
  }[];
  return Object.fromEntries(
    points.map((
      { attributes, value },
    ) => [Object.values(attributes)[0] ?? "", value]),
  );
}

Deno.test("bytes and messages are counted both ways", async () => {
  const { copas, conn, skt } = scripted();
  copas.addthread(async () => {
    assertEquals(await skt.receive(), "one");
    assertEquals(await skt.receive(), "two");
    assertEquals(await skt.receive(), null);
    await skt.send("answer");
  });
  conn.feed("one\ntwo\n");
  conn.end();
  await copas.loop();
  assertEquals(values(copas, "copas.network.io"), { receive: 8, transmit: 6 });
  assertEquals(values(copas, "copas.network.messages"), {
    receive: 2,
    transmit: 1,
  });
  skt.close();
});

Deno.test("waits are counted by their kind, and how they ended", async () => {
  const { copas } = virtual();
  const lock = copas.lock.new();
  const sleeper = copas.addthread(() => copas.pauseforever());
  copas.addthread(async () => {
    await lock.get();
    await copas.pause(5);
    lock.release();
  });
  copas.addthread(async () => {
    await assertRejects(() => lock.get(1), TimeoutError);
    copas.removethread(sleeper);
    await copas.wait(Promise.resolve());
  });
  assertEquals(values(copas, "copas.thread.waiting"), {
    receive: 0,
    send: 0,
    sleep: 2,
    operation: 0,
  });
  await copas.loop();
  assertEquals(values(copas, "copas.wait.count"), {
    receive: 0,
    send: 0,
    sleep: 3,
    operation: 1,
  });
  assertEquals(values(copas, "copas.wait.timeouts"), { "": 1 });
  assertEquals(values(copas, "copas.wait.cancellations"), { "": 1 });
  assertEquals(values(copas, "copas.lock.waits"), { "": 1 });
  assertEquals(values(copas, "copas.thread.started"), { "": 3 });
  assertEquals(values(copas, "copas.thread.active"), { "": 0 });
});

Deno.test("errors that reach an error handler are counted by code or class", async () => {
  const { copas } = virtual();
  copas.seterrorhandler(() => {}, true);
  copas.addthread(() => Promise.reject(new RangeError("on purpose")));
  copas.addthread(async () => {
    const lock = copas.lock.new();
    await lock.get();
    copas.addthread(() => lock.get(1));
    await copas.pause(2);
    lock.release();
  });
  await copas.loop();
  assertEquals(values(copas, "copas.thread.errors"), {
    RangeError: 1,
    timeout: 1,
  });
});

Deno.test("names of errors are bounded, and may be anything", async () => {
  const { copas } = virtual();
  copas.seterrorhandler(() => {}, true);
  const fail = (name: string) =>
    copas.addthread(() => {
      throw Object.assign(new Error("on purpose"), { name });
    });
  fail("__proto__");
  for (let i = 0; i < 200; i++) fail(`name ${i}`);
  fail("__proto__");
  await copas.loop();
  const { points } = copas.metrics()["copas.thread.errors"];
  assertEquals(points.length, 101);
  assertEquals(points[0], {
    attributes: { "error.type": "__proto__" },
    value: 2,
  });
  assertEquals(points.at(-1), {
    attributes: { "error.type": "_OTHER" },
    value: 101,
  });
});

Deno.test("queues are listed with how many items they have, until they end", async () => {
  const { copas } = virtual();
  const jobs = copas.queue.new<number>({ name: "jobs" });
  const ended = copas.queue.new<number>({ name: "ended" });
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) await jobs.push(i);
  });
  ended.destroy();
  await copas.loop();
  assertEquals(values(copas, "copas.queue.length"), { jobs: 3 });
});

/** The machine's clock, on which a thread can be said to have computed for long. */
class SkewedClock extends RealClock {
  skew = 0;

  override now(): number {
    return super.now() + this.skew;
  }
}

Deno.test("a thread that computes is seen in the holds, and its sleeping neighbour in the lag", async () => {
  const clock = new SkewedClock();
  const copas = new Copas({ clock });
  copas.metrics();
  copas.addthread(() => copas.pause(0.3));
  copas.addthread(async () => {
    await copas.pause(0.005);
    clock.skew = 6;
  });
  await copas.loop();
  const metrics = copas.metrics();
  const [hold] = metrics["copas.loop.hold.duration"].points;
  const [lag] = metrics["copas.loop.lag"].points;
  assert(hold.max >= 6 && hold.max < 8, `${hold.max}`);
  assertEquals(metrics["copas.loop.hold.longest"].points[0].value, hold.max);
  assertEquals(hold.buckets.slice(-3), [0, 1, 0]);
  assert(lag.max >= 5 && lag.max < 8, `${lag.max}`);
  assertEquals(hold.buckets.reduce((a, b) => a + b), hold.count);
});

Deno.test("a snapshot does not change", async () => {
  const { copas } = virtual();
  const before = copas.metrics();
  const text = JSON.stringify(before);
  copas.addthread(() => copas.pause(1));
  await copas.loop();
  assertEquals(JSON.stringify(before), text);
});

Deno.test("a server counts what it accepts, refuses and serves, and which errors its handlers end with", async () => {
  const copas = new Copas();
  const handled: unknown[] = [];
  copas.seterrorhandler((error) => handled.push(error), true);
  const listener = copas.socket.bind("127.0.0.1", 0);
  const { port } = listener.addr as Deno.NetAddr;
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      if (await skt.receive() === "fail") throw new RangeError("on purpose");
      copas.removeserver(listener);
      assertEquals(value("copas.server.active_connections"), 1);
      await skt.receive();
    }),
    { name: "S", maxConnections: 1, overflow: "close" },
  );
  const value = (name: keyof Metrics) => {
    const [point, ...others] = copas.metrics()[name].points;
    assertEquals(others, []);
    return "value" in point ? point.value : point.count;
  };
  const attributes = {
    "copas.server.name": "S",
    "server.address": "127.0.0.1",
    "server.port": port,
    "network.transport": "tcp",
    "network.type": "ipv4",
  };
  copas.addthread(async () => {
    const client = copas.socket.tcp();
    await client.connect("127.0.0.1", port);
    const refused = copas.socket.tcp();
    await refused.connect("127.0.0.1", port);
    assertEquals(await refused.receive(), null);
    refused.close();
    await client.send("fail\n");
    assertEquals(await client.receive(), null);
    client.close();
    assertEquals(value("copas.server.connection.duration"), 1);
    const metrics = copas.metrics();
    assertEquals(metrics["copas.server.rejected_connections"].points, [
      {
        attributes: { ...attributes, "copas.limit": "maxConnections" },
        value: 1,
      },
    ]);
    assertEquals(metrics["copas.server.handler_errors"].points, [
      { attributes: { ...attributes, "error.type": "RangeError" }, value: 1 },
    ]);
    assertEquals(value("copas.server.accepted_connections"), 2);
    assertEquals(value("copas.server.accept_failures"), 0);
    const next = copas.socket.tcp();
    await next.connect("127.0.0.1", port);
    await next.send("go on\n");
    next.shutdown("send");
    assertEquals(await next.receive(), null);
    next.close();
  });
  await copas.loop();
  assertEquals(handled.map(String), ["RangeError: on purpose"]);
  // The server has ended, and so have its numbers.
  assertEquals(copas.metrics()["copas.server.active_connections"].points, []);
});

Deno.test("a server counts the connections that a limit has closed, by that limit", async () => {
  const copas = new Copas();
  const listener = copas.socket.bind("127.0.0.1", 0);
  const { port } = listener.addr as Deno.NetAddr;
  let points: Metrics["copas.server.closed_connections"]["points"] = [];
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      await skt.receive().catch(() => {});
    }),
    { name: "S", lifetime: 0.02 },
  );
  copas.addthread(async () => {
    const client = copas.socket.tcp();
    await client.connect("127.0.0.1", port);
    await client.receive().catch(() => {});
    client.close();
    points = copas.metrics()["copas.server.closed_connections"].points;
    copas.removeserver(listener);
  });
  await copas.loop();
  assertEquals(
    points.map(({ attributes, value }) => [attributes["copas.limit"], value]),
    [["lifetime", 1]],
  );
});

Deno.test("accepts that fail are counted", async () => {
  const copas = new Copas();
  copas.seterrorhandler(() => {}, true);
  const listener = copas.socket.bind("127.0.0.1", 0);
  const seen = Promise.withResolvers<void>();
  let failures = 2;
  const accept = listener.accept.bind(listener);
  listener.accept = () => {
    if (failures-- <= 0) return accept();
    return Promise.reject(new Error("Too many open files (os error 24)"));
  };
  copas.addserver(listener, copas.handler(() => seen.resolve()));
  copas.addthread(async () => {
    const client = copas.socket.tcp();
    await client.connect("127.0.0.1", (listener.addr as Deno.NetAddr).port);
    await copas.wait(seen.promise);
    client.close();
    const [point] = copas.metrics()["copas.server.accept_failures"].points;
    assertEquals(point.value, 2);
    copas.removeserver(listener);
  });
  await copas.loop();
});

Deno.test("a datagram server counts its datagrams both ways until it ends", async () => {
  const copas = new Copas();
  const socket = copas.socket.udp();
  socket.setsockname("127.0.0.1", 0);
  const [, port] = socket.getsockname();
  const server = copas.addserver(socket, async () => {
    for (let i = 0; i < 3; i++) {
      const [data, ip, port] = await socket.receivefrom();
      if (i > 0) await socket.sendto(data, ip, port);
    }
    await copas.pauseforever();
  }, { name: "U" });
  const points = () => copas.metrics()["copas.server.datagrams"].points;
  copas.addthread(async () => {
    using client = copas.socket.udp();
    for (const word of ["a", "b", "c"]) {
      await client.sendto(word, "127.0.0.1", port);
      if (word !== "a") await client.receive();
    }
    const attributes = {
      "copas.server.name": "U",
      "server.address": "127.0.0.1",
      "server.port": port,
      "network.transport": "udp",
      "network.type": "ipv4",
    };
    const direction = "network.io.direction";
    assertEquals(points(), [
      { attributes: { ...attributes, [direction]: "receive" }, value: 3 },
      { attributes: { ...attributes, [direction]: "transmit" }, value: 2 },
    ]);
    server.close();
  });
  await copas.loop();
  assertEquals(points(), []);
});

Deno.test({
  name: "TLS handshakes are timed on both sides, by how they ended",
  ignore: !hasOpenssl,
  fn: async () => {
    const copas = new Copas();
    copas.seterrorhandler(() => {}, true);
    const authority = await Authority.make();
    const { cert, key } = await authority.issue({
      cn: "localhost",
      names: "DNS:localhost",
    });
    const listener = copas.socket.bind("127.0.0.1", 0);
    const { port } = listener.addr as Deno.NetAddr;
    const server = copas.addserver(
      listener,
      copas.handler(async (skt) => void await skt.receive(), {
        mode: "server",
        ...{ cert, key },
      }),
    );
    copas.addthread(async () => {
      const trusted = { caCerts: [authority.cert], servername: "localhost" };
      // One by `connect`, one by `dohandshake`, one that fails.
      const first = copas.socket.tcp({ sslparams: trusted });
      await first.connect("127.0.0.1", port);
      first.close();
      const second = copas.socket.tcp();
      await second.connect("127.0.0.1", port);
      await second.dohandshake(trusted);
      second.close();
      const third = copas.socket.tcp();
      await third.connect("127.0.0.1", port);
      await assertRejects(() => third.dohandshake({ servername: "localhost" }));
      third.close();
      await server.drain();
    });
    await copas.loop();
    const { points } = copas.metrics()["copas.tls.handshake.duration"];
    const counts = points.map(({ attributes, count, sum }) => {
      assert(sum > 0 && sum < 60, `${sum}`);
      const { "copas.tls.side": side, "error.type": error = "" } = attributes;
      return `${side} ${error} ${count}`;
    });
    assertEquals(counts.sort(), [
      "client  2",
      "client handshake 1",
      "server  2",
      "server handshake 1",
    ]);
  },
});

Deno.test("an error whose name can't be read is counted, and ends no process", async () => {
  const { copas } = virtual();
  const heard: unknown[] = [];
  copas.seterrorhandler((error) => void heard.push(error), true);
  const error = Object.defineProperty(new Error("odd"), "name", {
    get() {
      throw new Error("no name");
    },
  });
  copas.addthread(() => Promise.reject(error));
  copas.addthread(() =>
    Promise.reject(Object.assign(new Error("odd"), { name: 5 }))
  );
  await copas.loop();
  assertEquals(heard.length, 2);
  assertEquals(values(copas, "copas.thread.errors"), { Error: 1, 5: 1 });
});

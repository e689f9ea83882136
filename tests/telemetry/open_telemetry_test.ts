// What a program that is instrumented sends to a collector: OTLP over HTTP, to a
// server that stands in for the collector.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Copas } from "../../mod.ts";
import { instrument } from "../../src/telemetry/mod.ts";
import { Authority, hasOpenssl } from "../fixtures/certificates.ts";
import { attributesOf, Collector } from "../fixtures/collector.ts";
import { runScript } from "../fixtures/socket_child.ts";

const SERVE = `
  const listener = copas.socket.bind("127.0.0.1", 0);
  const { port } = listener.addr;
`;

Deno.test("a connection is a span with the attributes of the conventions, and the program's own spans nest in it", async () => {
  await using collector = new Collector();
  const port = Number(
    await collector.run(`${SERVE}
      copas.addserver(listener, copas.handler(async (skt) => {
        await skt.receive();
        spans("in the handler");
        copas.addthread(async () => {
          await copas.pause(0.001);
          spans("in a thread");
        });
        await copas.future.addthread(async () => {
          await copas.pause(0.001);
          spans("in a future");
        }).get();
        await copas.pause(0.005);
        copas.removeserver(listener);
        throw new RangeError("on purpose");
      }), { name: "S" });
      copas.addthread(async () => {
        const client = copas.socket.tcp();
        await client.connect("127.0.0.1", port);
        await client.send("line\\n");
        await client.receive();
        client.close();
      });
      console.log(port);
      await copas.loop();`),
  );
  const connection = collector.span("connection");
  const { "network.peer.port": peer, ...attributes } = attributesOf(connection);
  assert(Number(peer) > 0);
  assertEquals(attributes, {
    "copas.server.name": "S",
    "server.address": "127.0.0.1",
    "server.port": port,
    "network.transport": "tcp",
    "network.type": "ipv4",
    "network.peer.address": "127.0.0.1",
    "copas.connection.received": 5,
    "copas.connection.sent": 0,
    "error.type": "RangeError",
  });
  assertEquals([connection.kind, connection.status.code], [2, 2]);
  assertEquals(connection.parentSpanId || undefined, undefined);
  for (const name of ["in the handler", "in a thread", "in a future"]) {
    const { parentSpanId, traceId } = collector.span(name);
    assertEquals([name, parentSpanId, traceId], [
      name,
      connection.spanId,
      connection.traceId,
    ]);
  }
});

Deno.test("an item of a queue is a span in the trace of the thread that pushed it", async () => {
  await using collector = new Collector();
  const stdout = await collector.run(`
    const jobs = copas.queue.new({ name: "jobs" });
    jobs.addworker(async (job) => {
      await copas.pause(0.001);
      spans("work on " + job);
      if (job === "b") throw new RangeError("on purpose");
    });
    copas.addthread(async () => {
      await tracer.startActiveSpan("order", async (span) => {
        await jobs.push("a");
        span.end();
      });
      await jobs.push("b");
      await copas.pause(0.02);
      await jobs.push("c");
      jobs.stop();
    });
    await copas.loop();
    const rest = copas.queue.new();
    await rest.push("plain");
    console.log(await rest.pop());`);
  assertEquals(stdout, "plain\n");
  const order = collector.span("order");
  const items = collector.spans.filter(({ name }) => name === "process jobs");
  assertEquals(items.length, 3);
  const work = collector.span("work on a");
  const item = items.find(({ spanId }) => spanId === work.parentSpanId)!;
  assertEquals([item.parentSpanId, item.traceId, work.traceId], [
    order.spanId,
    order.traceId,
    order.traceId,
  ]);
  assertEquals(item.kind, 5);
  assertEquals(attributesOf(item), {
    "messaging.system": "copas",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "jobs",
  });
  const failed = items.filter(({ status }) => status.code === 2);
  assertEquals(failed.map((span) => attributesOf(span)["error.type"]), [
    "RangeError",
  ]);
  assertEquals(failed[0].events.map(({ name }) => name), ["exception"]);
});

Deno.test("a request is a client's span without secrets, carries its trace on, and is counted by its outcome", async () => {
  await using collector = new Collector();
  const stdout = await collector.run(`
    import { request } from "{src}/http/mod.ts";
    ${SERVE}
    copas.addserver(listener, copas.handler(async (skt) => {
      for (let line; (line = await skt.receive());) {
        if (line.startsWith("traceparent")) console.log(line);
      }
      await skt.send("HTTP/1.1 404 Not Found\\r\\nConnection: close\\r\\n\\r\\n");
      copas.removeserver(listener);
    }));
    copas.addthread(async () => {
      await request("http://me:secret@127.0.0.1:" + port + "/a?sig=secret&b=1");
      await request("http://127.0.0.1:" + port + "/gone").catch(() => {});
      await copas.pause(0.05);
    });
    await copas.loop();`);
  const [refused, found] = collector.spans
    .filter(({ name }) => name === "GET")
    .sort((a, b) => a.status.code === 2 ? -1 : b.status.code === 2 ? 1 : 0);
  const { "server.port": port, ...attributes } = attributesOf(found);
  assertEquals(attributes, {
    "http.request.method": "GET",
    "server.address": "127.0.0.1",
    "url.full": `http://REDACTED:REDACTED@127.0.0.1:${port}/a?sig=REDACTED&b=1`,
    "http.response.status_code": 404,
    "error.type": "404",
  });
  assertEquals(found.kind, 3);
  assertEquals(attributesOf(refused)["error.type"], "ConnectionRefused");
  assertEquals(stdout, `traceparent: 00-${found.traceId}-${found.spanId}-01\n`);
  const duration = collector.metrics.get("http.client.request.duration")!;
  assertEquals(duration.unit, "s");
  const points = duration.histogram!.dataPoints;
  assertEquals(
    points.map((point) => attributesOf(point)["error.type"]).sort(),
    ["404", "ConnectionRefused"],
  );
  assertEquals(points.map(({ count }) => count), ["1", "1"]);
  assertEquals(points[0].explicitBounds?.slice(0, 3), [0.005, 0.01, 0.025]);
});

Deno.test("metrics are exported with their units and kinds", async () => {
  await using collector = new Collector();
  await collector.run(`${SERVE}
    copas.addserver(listener, copas.handler(async (skt) => {
      await skt.receive();
      await copas.pause(0.1);
      copas.removeserver(listener);
    }), { name: "S" });
    copas.addthread(async () => {
      const client = copas.socket.tcp();
      await client.connect("127.0.0.1", port);
      await client.send("12345\\n");
      await client.receive();
      client.close();
    });
    await copas.loop();`);
  const io = collector.metrics.get("copas.network.io")!;
  assertEquals([io.unit, io.sum!.isMonotonic], ["By", true]);
  assertEquals(
    io.sum!.dataPoints.map((point) => [
      attributesOf(point)["network.io.direction"],
      point.asDouble,
    ]).sort(),
    [["receive", 6], ["transmit", 6]],
  );
  const active = collector.metrics.get("copas.server.active_connections")!;
  assertEquals([active.unit, active.sum!.isMonotonic], [
    "{connection}",
    false,
  ]);
  const holds = collector.metrics.get("copas.loop.hold.duration")!;
  assert(Number(holds.histogram!.dataPoints[0].count) > 0);
  assert(collector.metrics.has("copas.server.connection.duration"));
  assert(collector.metrics.get("copas.loop.hold.longest")!.gauge);
});

Deno.test("without OTEL_DENO, nothing happens, and no permission is asked for", async () => {
  const { code, stdout, stderr } = await runScript(
    `import copas from "{mod}";
     import { instrument } from "{src}/telemetry/mod.ts";
     console.log(instrument(copas), instrument(copas));`,
    [],
  );
  assertEquals([code, stdout, stderr], [0, "false false\n", ""]);
});

Deno.test("what is no dispatcher is refused", () => {
  for (const copas of [undefined, null, {}, "copas"]) {
    assertThrows(
      () => instrument(copas as never),
      TypeError,
      "instrument(): copas must be a dispatcher",
    );
  }
  assertEquals(instrument(new Copas()), false);
});

Deno.test("a value that is posted to workers carries its trace to them", async () => {
  await using collector = new Collector();
  const handler = await Deno.makeTempFile({ suffix: ".ts" });
  const src = new URL("../../src/", import.meta.url).href;
  await Deno.writeTextFile(
    handler,
    `import copas from "${new URL("../mod.ts", src)}";
     import { instrument } from "${src}telemetry/mod.ts";
     instrument(copas);
     export async function onmessage() {
       await copas.pause(0.001);
       Deno.telemetry.tracerProvider.getTracer("worker").startSpan("in the worker").end();
     }
     export default () => {};`,
  );
  try {
    await collector.run(
      `const workers = copas.addworkers(new URL("file://${handler}"), {
         hostname: "127.0.0.1", port: 0, count: 1,
       });
       copas.addthread(async () => {
         await copas.wait(workers.ready);
         await tracer.startActiveSpan("post", async (span) => {
           await workers.post("value");
           span.end();
         });
         await workers.stop();
       });
       await copas.loop();`,
      ["--allow-all", "--unstable-net", "--unstable-worker-options"],
    );
  } finally {
    await Deno.remove(handler);
  }
  const post = collector.span("post");
  const received = collector.span("process onmessage");
  const inside = collector.span("in the worker");
  assertEquals(
    [received.parentSpanId, received.traceId, inside.parentSpanId],
    [post.spanId, post.traceId, received.spanId],
  );
});

Deno.test({
  name:
    "a TLS handshake is a span of the connection, with what it has agreed on",
  ignore: !hasOpenssl,
  fn: async () => {
    await using collector = new Collector();
    const authority = await Authority.make();
    const { cert, key } = await authority.issue({
      cn: "localhost",
      names: "DNS:localhost",
    });
    await collector.run(`${SERVE}
      const { cert, key, ca } = ${
      JSON.stringify({ cert, key, ca: authority.cert })
    };
      const server = { mode: "server", cert, key, alpnProtocols: ["x/1"] };
      copas.addserver(listener, copas.handler(async (skt) => {
        await skt.receive();
        spans("in the handler");
      }, server));
      const client = async (caCerts) => {
        const skt = copas.socket.tcp();
        await skt.connect("127.0.0.1", port);
        try {
          await skt.dohandshake({
            servername: "localhost", caCerts, alpnProtocols: ["x/1"],
          });
          await skt.send("line\\n");
          await skt.receive();
        } catch {}
        skt.close();
      };
      copas.addthread(async () => {
        await client([ca]);
        await client(undefined);
        copas.removeserver(listener);
      });
      await copas.loop();`);
    const handshakes = collector.spans.filter(({ name }) =>
      name === "TLS handshake"
    );
    const inside = collector.span("in the handler");
    const of = (side: string, code: number) =>
      handshakes.filter((span) =>
        attributesOf(span)["copas.tls.side"] === side &&
        (span.status.code === 2 ? 2 : 0) === code
      );
    const [done] = of("server", 0);
    assertEquals(done.parentSpanId, inside.parentSpanId);
    assertEquals(attributesOf(done)["tls.next_protocol"], "x/1");
    assertEquals(
      of("client", 2).map((span) => attributesOf(span)["error.type"]),
      ["handshake"],
    );
    assertEquals([of("client", 0).length, of("server", 2).length], [1, 1]);
  },
});

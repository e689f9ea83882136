// What else reaches a collector: requests by FTP and SMTP, and the same in protobuf.

import { assert, assertEquals } from "@std/assert";
import { attributesOf, Collector } from "../fixtures/collector.ts";
import { FtpServer } from "../fixtures/ftp_server.ts";
import { MailServer } from "../fixtures/mail_server.ts";

Deno.test("transfers by FTP and mails are clients' spans without passwords, and counted by protocol and outcome", async () => {
  await using collector = new Collector();
  await using files = await FtpServer.start();
  await using mails = await MailServer.start();
  await Deno.writeTextFile(`${files.folder}/a.txt`, "hello");
  const url = new URL(files.url("a.txt"));
  const stdout = await collector.run(`
    import * as ftp from "{src}/ftp/mod.ts";
    import * as smtp from "{src}/smtp/mod.ts";
    copas.addthread(async () => {
      await tracer.startActiveSpan("program", async (span) => {
        await ftp.get(${JSON.stringify(url.href)});
        await ftp.get(${JSON.stringify(files.url("none"))}).catch(() => {});
        await smtp.send({
          from: "me@here", rcpt: "you@there", server: "127.0.0.1",
          port: ${mails.port}, user: "me", password: "secret", secure: "none",
          source: "Subject: x\\r\\n\\r\\nHello\\r\\n",
        });
        span.end();
      });
      console.log("done");
      await copas.pause(0.05);
    });
    await copas.loop();`);
  assertEquals([stdout, mails.mails.length], ["done\n", 1]);
  const program = collector.span("program");
  const clients = collector.spans.filter(({ name }) =>
    name === "ftp" || name === "smtp"
  );
  const told = clients.map((span) => {
    assertEquals([span.kind, span.parentSpanId], [3, program.spanId]);
    const { "server.port": port, "server.address": host, ...attributes } =
      attributesOf(span);
    assertEquals(host, "127.0.0.1");
    assertEquals(port, span.name === "ftp" ? Number(url.port) : mails.port);
    return attributes;
  });
  const [ftp, smtp] = ["ftp", "smtp"].map((protocol) => ({
    "network.protocol.name": protocol,
  }));
  assertEquals(told, [ftp, { ...ftp, "error.type": "refused" }, smtp]);
  const spans = JSON.stringify(clients);
  assert(!spans.includes("secret"), spans);
  const duration = collector.metrics.get("copas.client.request.duration")!;
  const counted = duration.histogram!.dataPoints.map((point) => {
    const { "network.protocol.name": name, "error.type": type = "" } =
      attributesOf(point);
    return `${name} ${type} ${point.count}`;
  });
  assertEquals(counted.sort(), ["ftp  1", "ftp refused 1", "smtp  1"]);
});

/** The values of a field with a length, in a message of protobuf. */
function* fields(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = message[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else {
      const length = varint();
      const value = message.subarray(at, at += length);
      if (tag >> 3 === wanted) yield value;
    }
  }
}

/** The texts at the end of a path of fields. */
function texts(message: Uint8Array, path: number[]): string[] {
  const [first, ...rest] = path;
  if (first === undefined) return [new TextDecoder().decode(message)];
  return [...fields(message, first)].flatMap((each) => texts(each, rest));
}

Deno.test("a collector that is sent protobuf, Deno's default, gets the same spans and metrics", async () => {
  await using collector = new Collector();
  await collector.run(
    `const jobs = copas.queue.new({ name: "mails" });
     jobs.addworker(() => {});
     copas.addthread(async () => {
       await jobs.push("a");
       await copas.pause(0.05);
       copas.exit();
     });
     await copas.loop();`,
    undefined,
    "http/protobuf",
  );
  const of = (path: string) =>
    collector.binary.filter(([each]) => each === path).map(([, body]) => body);
  // ExportTraceServiceRequest: resource_spans, scope_spans, spans, name.
  const names = of("/v1/traces").flatMap((body) => texts(body, [1, 2, 2, 5]));
  assertEquals(names, ["process mails"]);
  // ExportMetricsServiceRequest: resource_metrics, scope_metrics, metrics, name and unit.
  const metrics = of("/v1/metrics").flatMap((body) =>
    [...fields(body, 1)].flatMap((each) => [...fields(each, 2)]).flatMap((
      each,
    ) => [...fields(each, 2)]).map((metric) =>
      `${texts(metric, [1])} ${texts(metric, [3])}`
    )
  );
  assert(metrics.includes("copas.network.io By"), `${metrics}`);
  assert(metrics.includes("copas.queue.length {item}"), `${metrics}`);
});

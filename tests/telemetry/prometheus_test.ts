// The text format of Prometheus.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Copas } from "../../mod.ts";
import { prometheus } from "../../src/telemetry/mod.ts";
import { virtual } from "../fixtures/virtual.ts";

const hasPromtool = await new Deno.Command("promtool", {
  args: ["--version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** A page with a value of every kind. */
async function page(): Promise<string> {
  const copas = new Copas();
  copas.metrics();
  copas.seterrorhandler(() => {}, true);
  const listener = copas.socket.bind("127.0.0.1", 0);
  const { port } = listener.addr as Deno.NetAddr;
  copas.queue.new({ name: 'a "strange"\nname \\' });
  let text = "";
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      if (await skt.receive() === "fail") throw new RangeError("on purpose");
      text = prometheus(copas);
      copas.removeserver(listener);
    }),
    { name: "S", maxConnections: 1, overflow: "close" },
  );
  copas.addthread(async () => {
    for (const line of ["fail\n", "go on\n"]) {
      using client = copas.socket.tcp();
      await client.connect("127.0.0.1", port);
      await client.send(line);
      await client.receive();
    }
  });
  await copas.loop();
  return text;
}

Deno.test({
  name: "promtool accepts the page, and finds nothing to say about it",
  ignore: !hasPromtool,
  fn: async () => {
    const promtool = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = promtool.stdin.getWriter();
    await writer.write(new TextEncoder().encode(await page()));
    await writer.close();
    const { code, stdout, stderr } = await promtool.output();
    const decoder = new TextDecoder();
    assertEquals(
      [decoder.decode(stdout), decoder.decode(stderr), code],
      ["", "", 0],
    );
  },
});

Deno.test("names have units, counters a total, and values their attributes", async () => {
  const text = await page();
  assertMatch(
    text,
    /^copas_server_handler_errors_total\{copas_server_name="S",server_address="127\.0\.0\.1",server_port="\d+",network_transport="tcp",network_type="ipv4",error_type="RangeError"\} 1$/m,
  );
  assertMatch(
    text,
    /^copas_network_io_bytes_total\{network_io_direction="receive"\} \d+$/m,
  );
  assertMatch(text, /^# TYPE copas_server_active_connections gauge$/m);
  assertMatch(text, /^# TYPE copas_network_io_bytes_total counter$/m);
  assertMatch(
    text,
    /^copas_queue_length\{copas_queue_name="a \\"strange\\"\\nname \\\\"\} 0$/m,
  );
});

Deno.test("the buckets of a histogram are cumulative and end with all", async () => {
  const lines = (await page()).split("\n");
  const prefix = "copas_loop_hold_duration_seconds_";
  const values = lines.filter((line) => line.startsWith(`${prefix}bucket`))
    .map((line) => Number(line.split(" ").at(-1)));
  const count = lines.find((line) => line.startsWith(`${prefix}count`))!;
  assertEquals(values.length, 14);
  assertEquals(values.toSorted((a, b) => a - b), values);
  assertEquals(values.at(-1), Number(count.split(" ").at(-1)));
  assert(lines.some((line) => line.includes('bucket{le="+Inf"}')));
  assert(lines.some((line) => line.includes('bucket{le="0.001"}')));
});

Deno.test("what has no values has no lines", () => {
  const { copas } = virtual();
  const text = prometheus(copas);
  assert(!text.includes("copas_server"), text);
  assert(text.endsWith("\n"));
  for (const copas of [undefined, null, {}]) {
    assertThrows(
      () => prometheus(copas as never),
      TypeError,
      "prometheus(): copas must be a dispatcher",
    );
  }
});

// What is counted of requests.

import { assertEquals } from "@std/assert";
import { observed } from "../../src/requests/observed.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("HTTP requests to more servers than are told apart stay HTTP requests", async () => {
  const { copas } = virtual();
  for (let i = 0; i < 510; i++) {
    const attributes = {
      "http.request.method": "GET",
      "server.address": `${i}`,
    };
    await observed(
      copas,
      "http.client.request.duration",
      { name: "GET", attributes },
      () => Promise.resolve(),
    );
  }
  const metrics = copas.metrics();
  const { points } = metrics["http.client.request.duration"];
  assertEquals(points.length, 501);
  assertEquals(points[500].attributes, { "otel.metric.overflow": "true" });
  assertEquals(points[500].count, 10);
  assertEquals(metrics["copas.client.request.duration"].points, []);
});

/**
 * Which certificate a client gets, and what is kept of `sslparams`.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { SslParams } from "../../src/tls/params.ts";
import { TlsSettings, tlsSettings } from "../../src/tls/settings.ts";

const BEGIN = "-----BEGIN CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----";

function certified(name: string): { cert: string; key: string } {
  return { cert: `${BEGIN} ${name}`, key: KEY };
}

/** Whose certificate a client gets for each name; nothing: it is refused. */
function served(params: SslParams, names: string[]): (string | undefined)[] {
  const settings = new TlsSettings(params, "server");
  return names.map((name) =>
    settings.certificateFor(name)?.cert.slice(BEGIN.length + 1)
  );
}

const sni = {
  "a.example": certified("a"),
  "*.example": certified("any"),
  "B.Example": certified("b"),
};

Deno.test("a client gets the certificate of exactly its name, else that of the wildcard, else the default", () => {
  assertEquals(
    served({ ...certified("default"), sni }, [
      "a.example",
      "A.EXAMPLE",
      "b.example",
      "c.example",
      "c.d.example",
      "example",
      "other",
      "",
    ]),
    ["a", "a", "b", "any", "default", "default", "default", "default"],
  );
});

Deno.test("strict refuses names that are not in sni, and not a client that asks for none", () => {
  assertEquals(
    served({ ...certified("default"), sni, strict: true }, [
      "a.example",
      "x.y.example",
      "other",
      "",
    ]),
    ["a", undefined, undefined, "default"],
  );
});

Deno.test("without a default every unknown name is refused, and so is none", () => {
  assertEquals(
    served({ sni }, ["a.example", "other", ""]),
    ["a", undefined, undefined],
  );
});

Deno.test("the same sslparams are read once, a new object anew", async () => {
  const params = certified("one");
  const first = await tlsSettings("test", params, "server");
  assertStrictEquals(await tlsSettings("test", () => params, "server"), first);
  const copy = await tlsSettings("test", { ...params }, "server");
  assertEquals(copy === first, false);
  const client = await tlsSettings("test", params, "client");
  assertEquals([first.mode, client.mode], ["server", "client"]);
});

Deno.test("mode in sslparams overrules what the side would be", async () => {
  const params = { mode: "client" as const };
  assertEquals((await tlsSettings("test", params, "server")).mode, "client");
});

Deno.test("what a function gives is checked like what is given directly", async () => {
  await assertRejects(
    () => tlsSettings("test", () => ({ certt: "" } as SslParams), "server"),
    TypeError,
    "test: sslparams has no key certt",
  );
  await assertRejects(
    () => tlsSettings("test", () => ({}), "server"),
    TypeError,
    "a server needs cert and key",
  );
  const nested = () => (() => ({})) as SslParams;
  await assertRejects(
    () => tlsSettings("test", nested, "client"),
    TypeError,
    "must return an object, got a function",
  );
  const nothing = () => undefined as unknown as SslParams;
  await assertRejects(
    () => tlsSettings("test", nothing, "client"),
    TypeError,
    "got undefined",
  );
});

// What Deno's errors about an address become. The flags that are suggested are
// seen in network_test.ts: there, processes run without them.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { TimeoutError } from "../../src/errors/errors.ts";
import { addressError, checkHostPort } from "../../src/net/address_error.ts";

Deno.test("an error of an address keeps its class, its code and its cause, and says what would be right", () => {
  const { errors } = Deno;
  const cases: [Error, new (message: string) => Error, string][] = [
    [new errors.AddrInUse("x"), errors.AddrInUse, "choose another port, or 0"],
    [
      new errors.AddrNotAvailable("x"),
      errors.AddrNotAvailable,
      "this machine does not have",
    ],
    [
      new errors.PermissionDenied("x"),
      errors.PermissionDenied,
      "the system does not permit",
    ],
    [
      new errors.ConnectionRefused("x"),
      errors.ConnectionRefused,
      "nothing listens there",
    ],
    [
      new errors.NetworkUnreachable("odd text"),
      errors.NetworkUnreachable,
      "odd text",
    ],
    [new TypeError("odd text"), TypeError, "odd text"],
    [
      new URIError("invalid host 'http://h'"),
      URIError,
      "a name or an address, without scheme or port",
    ],
    [
      new Error("failed to lookup address information: none"),
      errors.NotFound,
      "unknown host",
    ],
  ];
  for (const [cause, Class, text] of cases) {
    const coded = Object.assign(cause, { code: "ECODE" });
    const error = addressError("Cannot connect to", "h:1", coded);
    assertInstanceOf(error, Class);
    assertEquals(error.cause, cause);
    assertEquals((error as { code?: string }).code, "ECODE");
    assert(error.message.startsWith("Cannot connect to h:1: "));
    assertStringIncludes(error.message, text);
  }
  assertEquals(addressError("Cannot", "h:1", "text"), "text");
});

Deno.test("an error of Copas stays as it is", () => {
  const error = new TimeoutError("what");
  assertEquals(addressError("Cannot bind", "h:1", error), error);
});

Deno.test("a Unix socket that is not granted comes with the flags that grant it", () => {
  const cause = new Deno.errors.NotCapable("x");
  const error = addressError("Cannot bind", "unix:/srv/s", cause);
  assertInstanceOf(error, Deno.errors.NotCapable);
  assertEquals(
    error.message,
    "Cannot bind unix:/srv/s: access is not granted; run with --allow-net=unix:/srv/s and --allow-read and --allow-write for the path",
  );
});

Deno.test("an address that is denied although its name is granted is said to be denied", () => {
  const cause = new Deno.errors.NotCapable("x");
  const error = addressError("Cannot connect to", "localhost:80", cause);
  assertInstanceOf(error, Deno.errors.NotCapable);
  assertStringIncludes(error.message, "take it out of --deny-net");
});

Deno.test("what is no host or no port is refused by name", () => {
  checkHostPort("bind()", "localhost", 65535);
  const wrong: [
    host: unknown,
    port: unknown,
    type: typeof TypeError,
    text: string,
  ][] = [
    [1, 80, TypeError, "bind(): the host must be a string, got 1"],
    ["", 80, TypeError, "bind(): the host is empty"],
    ["h", "80", TypeError, "bind(): the port must be a whole number"],
    ["h", 65536, RangeError, "bind(): the port must be a whole number"],
  ];
  for (const [host, port, type, text] of wrong) {
    assertThrows(
      () => checkHostPort("bind()", host as string, port as number),
      type,
      text,
    );
  }
});

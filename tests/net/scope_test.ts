// The grammar of a scope is held against Deno: for each list of entries, a
// process with that very --allow-net is asked about the same addresses.

import { assertEquals, assertThrows } from "@std/assert";
import { Scope } from "../../src/net/scope.ts";
import { runScript } from "../fixtures/socket_child.ts";

const HOSTS = [
  "example.com",
  "EXAMPLE.com",
  "example.com.",
  "www.example.com",
  "a.b.example.com",
  "notexample.com",
  "com",
  "localhost",
  "8000",
  "1.2.3",
  "127.0.0.1",
  "127.0.0.2",
  "0.0.0.0",
  "10.0.0.0",
  "10.255.255.255",
  "11.0.0.0",
  "9.255.255.255",
  "192.168.1.77",
  "192.168.1.128",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::2]",
  "[fe80::1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
];
const PORTS = [0, 80, 443, 8080];

const SCOPES = [
  ["example.com"],
  ["example.com."],
  ["Example.COM:443"],
  ["*.example.com"],
  ["*.example.com:443"],
  ["*.com:80"],
  ["localhost"],
  ["localhost:8080"],
  ["127.0.0.1"],
  ["127.0.0.1:8080"],
  ["127.0.0.1:0080"],
  ["0.0.0.0:0"],
  [":8080"],
  [":0"],
  ["8000"],
  ["1.2.3"],
  ["10.0.0.0/8"],
  ["10.9.9.9/8:80"],
  ["192.168.1.0/25"],
  ["0.0.0.0/0"],
  ["127.0.0.1/32:443"],
  ["[::1]"],
  ["[::1]:8080"],
  ["[0:0::1]:443"],
  ["[fe80::1%eth0]:80"],
  ["[::ffff:127.0.0.1]"],
  ["127.0.0.1:8080", "*.example.com:443", "10.0.0.0/8"],
  ["unix:/srv/a socket", "vsock:1:2"],
];

const WRONG = [
  "::1",
  "*",
  "*.",
  "*.*.com",
  "a.*.com",
  "*:8000",
  "127.0.0.*",
  "127.0.0.1.",
  ":",
  ":*",
  "a:",
  "a:x",
  "a:70000",
  "a:1-3",
  "10.0.0.0/33",
  "10.0.0/8",
  "10.0.0.0/255.0.0.0",
  "a/b",
  "http://x",
  "https://x:443",
  "[::1",
  "[127.0.0.1]",
  "[fe80::]/10",
  "[2001:db8::/32]",
  "2001:db8::/32",
  "a..b",
  ".a",
  "é.fr",
  "a@b",
  "a b",
  "unix:a",
  "unix:",
  "vsock:1",
];

/** Deno's answers for one --allow-net, one character an address: + for granted. */
async function askDeno(entries: string[]): Promise<string> {
  const addresses = HOSTS.flatMap((host) =>
    PORTS.map((port) => `${host}:${port}`)
  );
  const { stdout } = await runScript(
    `const state = (host) =>
       Deno.permissions.querySync({ name: "net", host }).state;
     console.log(${JSON.stringify(addresses)}
       .map((host) => state(host) === "granted" ? "+" : "-").join(""));`,
    [`--allow-net=${entries.join(",")}`],
  );
  return stdout.trim();
}

for (const entries of SCOPES) {
  Deno.test(`a scope of ${entries.join(", ")} allows what Deno grants for it`, async () => {
    const scope = new Scope("test", entries);
    const ours = HOSTS.flatMap((host) =>
      PORTS.map((port) => scope.allows(host, port) ? "+" : "-")
    );
    assertEquals(ours.join(""), await askDeno(entries));
  });
}

Deno.test("an IPv6 address is allowed with and without its brackets", () => {
  const scope = new Scope("test", ["[::1]:80"]);
  assertEquals(scope.allows("::1", 80), true);
  assertEquals(scope.allows("[::1]", 80), true);
});

Deno.test("a Unix socket is allowed by its own path alone", () => {
  const scope = new Scope("test", ["unix:/srv/a socket"]);
  assertEquals(scope.allows("unix:/srv/a socket", 0), true);
  assertEquals(scope.allows("unix:/srv/a", 0), false);
});

Deno.test("a wrong entry is refused, and the error names it", () => {
  for (const entry of WRONG) {
    const error = assertThrows(() => new Scope("new Copas()", [entry]));
    const { message } = error as TypeError;
    assertEquals(error instanceof TypeError, true);
    assertEquals(message.startsWith("new Copas(): wrong entry"), true, message);
    assertEquals(message.includes(JSON.stringify(entry)), true, message);
  }
});

Deno.test("Deno refuses the same entries", async () => {
  const taken: string[] = [];
  for (const entry of WRONG) {
    const { code } = await runScript("", [`--allow-net=${entry}`]);
    if (code === 0) taken.push(entry);
  }
  assertEquals(taken, []);
});

Deno.test("what is no text is no entry", () => {
  for (const entry of [undefined, 80, "", null, {}]) {
    assertThrows(() => new Scope("test", [entry as string]), TypeError);
  }
});

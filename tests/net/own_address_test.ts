import { assertEquals } from "@std/assert";
import { runScript } from "../fixtures/socket_child.ts";

/** Whether a name may point to two public addresses, of which this machine has the first. */
const SCRIPT = `
  import { Scope } from "{src}/net/scope.ts";
  Deno.networkInterfaces = () => [{ address: "2606:2800:0::1" }];
  const scope = new Scope("test", ["name.example"]);
  console.log(scope.mayPointTo("2606:2800::1", 80, "name.example"),
    scope.mayPointTo("2606:2800::2", 80, "name.example"));
  const both = new Scope("test", ["name.example", "[2606:2800::1]:80"]);
  console.log(both.mayPointTo("2606:2800::1", 80, "name.example"));`;

Deno.test("a name must not point to an address of this machine, where it may be known", async () => {
  const { stdout, stderr } = await runScript(SCRIPT, [
    "--allow-sys=networkInterfaces",
    "--allow-import",
  ]);
  assertEquals([stderr, stdout], ["", "false true\ntrue\n"]);
});

Deno.test("without the grant for it, this machine's addresses are not asked for", async () => {
  const { stdout, stderr } = await runScript(
    SCRIPT.replace(/\(\) => .*/, "() => { throw new Error('asked'); };"),
    ["--allow-sys=hostname"],
  );
  assertEquals([stderr, stdout], ["", "true true\ntrue\n"]);
});

Deno.test("the addresses that Deno tells of are recognized", async () => {
  const { stdout, stderr } = await runScript(
    `import { isOwnAddress } from "{src}/net/public_address.ts";
     import { parseIp } from "{src}/net/ip.ts";
     console.log(isOwnAddress(parseIp("127.0.0.1")), isOwnAddress(parseIp("127.0.0.77")));`,
    ["--allow-sys=networkInterfaces"],
  );
  assertEquals([stderr, stdout], ["", "true false\n"]);
});

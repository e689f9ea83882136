import { assertEquals } from "@std/assert";
import { Copas, type Workers } from "../../mod.ts";
import { narrowPermissions } from "../../src/workers/worker_net.ts";
import type { NetScope } from "../../src/net/scope.ts";

/** The workers' net entries. */
function net(
  permissions: Deno.PermissionOptions | undefined,
  ...scopes: NetScope[]
): unknown {
  const narrowed = narrowPermissions(permissions, scopes);
  return typeof narrowed === "object" ? narrowed.net : narrowed;
}

Deno.test("without a scope, permissions stay what they are", () => {
  assertEquals(net(undefined), undefined);
  assertEquals(net({ net: true }), true);
});

Deno.test("a scope narrows what was asked for, and adds nothing", () => {
  const scope = ["a.example:443", "10.0.0.0/8", "*.b.example:1", "[::1]:8080"];
  assertEquals(net(undefined, scope), scope);
  assertEquals(net({ net: true }, scope), scope);
  assertEquals(net({ net: "inherit" }, scope), scope);
  assertEquals(net({}, scope), undefined);
  assertEquals(net({ net: false }, scope), false);
  assertEquals(net("none", scope), "none");
  const cases: [string, string[]][] = [
    ["a.example", ["a.example:443"]],
    ["A.example:443", ["a.example:443"]],
    ["a.example:80", []],
    ["*.example:443", ["a.example:443"]],
    ["*.example", ["a.example:443", "*.b.example:1"]],
    ["x.b.example", ["x.b.example:1"]],
    ["10.1.0.0/16:80", ["10.1.0.0/16:80"]],
    ["0.0.0.0/0:80", ["10.0.0.0/8:80"]],
    ["10.1.2.3", ["10.1.2.3"]],
    ["11.1.2.3", []],
    ["[::1]", ["[::1]:8080"]],
    ["[::2]:8080", []],
    ["[0:0:0:0:0:0:0:1]:8080", ["[::1]:8080"]],
    ["unix:/run/x", []],
  ];
  for (const [asked, left] of cases) {
    assertEquals(net({ net: [asked] }, scope), left, asked);
  }
});

Deno.test("a view within a view has what both allow, and each direction for itself", () => {
  assertEquals(net(undefined, ["*.a.example"], ["x.a.example:1"]), [
    "x.a.example:1",
  ]);
  assertEquals(
    net(undefined, { listen: ["127.0.0.1"] }, { connect: ["127.0.0.1"] }),
    [],
  );
  assertEquals(net(undefined, [":80"], ["127.0.0.1", "unix:/a"]), [
    "127.0.0.1:80",
  ]);
});

Deno.test("what is not narrowed is inherited", () => {
  const narrowed = narrowPermissions(undefined, [["127.0.0.1:1"]]);
  assertEquals(narrowed, {
    env: "inherit",
    ffi: "inherit",
    import: "inherit",
    net: ["127.0.0.1:1"],
    read: "inherit",
    run: "inherit",
    sys: "inherit",
    write: "inherit",
  });
});

/** The state of a permission in a worker. */
async function ask({ addr }: Workers, what: string): Promise<string> {
  const { hostname, port } = addr;
  using conn = await Deno.connect({ hostname, port });
  await conn.write(new TextEncoder().encode(`state ${what}\n`));
  const buffer = new Uint8Array(64);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0)).trim();
}

Deno.test("the workers of a view may do on the network what the view may, and no more", async () => {
  const copas = new Copas();
  const view = copas.scoped({ net: ["127.0.0.1:0", "127.0.0.1:9"] });
  const handler = new URL("../fixtures/worker_handler.ts", import.meta.url);
  const workers = view.addworkers(handler, {
    hostname: "127.0.0.1",
    port: 0,
    count: 1,
  });
  const loop = copas.loop();
  try {
    await workers.ready;
    assertEquals(await ask(workers, "net 127.0.0.1:9"), "granted");
    assertEquals(await ask(workers, "net 127.0.0.1:10"), "prompt");
    assertEquals(await ask(workers, "read"), "granted");
  } finally {
    await workers.stop();
    await loop;
  }
});

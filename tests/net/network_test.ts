import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Copas, ScopeError } from "../../mod.ts";
import { NetPolicy } from "../../src/net/policy.ts";
import { Network } from "../../src/net/network.ts";
import { runScript } from "../fixtures/socket_child.ts";

Deno.test("a server and its client work inside their scope, by address and by name", async () => {
  const copas = new Copas({
    net: { listen: ["127.0.0.1:0"], connect: ["127.0.0.1", "localhost"] },
  });
  const server = copas.socket.bind("127.0.0.1", 0);
  const { port } = server.addr;
  copas.addserver(
    server,
    copas.handler(async (skt) => {
      await skt.send((await skt.receive()) + "\n");
    }),
  );
  const answers: (string | null)[] = [];
  await copas.loop(async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const skt = await copas.socket.connect(host, port);
      await skt.send(`${host}\n`);
      answers.push(await skt.receive());
      await skt.close();
    }
    copas.removeserver(server);
  });
  assertEquals(answers, ["127.0.0.1", "localhost"]);
  assertEquals(
    String(copas.netaccess()),
    // Port 0 is another one in the next run.
    "--allow-net=127.0.0.1,localhost",
  );
});

Deno.test("nothing outside the scope reaches the system", async () => {
  const copas = new Copas({ net: ["127.0.0.1:1"] });
  assertThrows(() => copas.socket.bind("*", 0), ScopeError, "0.0.0.0:0");
  await assertRejects(
    () => copas.socket.connect("127.0.0.1", 2),
    ScopeError,
    "Cannot connect to 127.0.0.1:2: it is outside",
  );
  await assertRejects(() => copas.socket.connect("localhost", 1), ScopeError);
  const udp = copas.socket.udp();
  assertThrows(() => udp.setsockname("127.0.0.1", 0), ScopeError);
  assertThrows(() => udp.setpeername("127.0.0.1", 2), ScopeError);
  await assertRejects(() => udp.sendto("x", "127.0.0.1", 2), ScopeError);
  await udp.close();
  assertEquals(String(copas.netaccess()), "");
});

Deno.test("a TLS socket is held against the scope as well", async () => {
  const copas = new Copas({ net: [] });
  const skt = copas.wrap(copas.socket.tcp(), {});
  await assertRejects(() => skt.connect("127.0.0.1", 443), ScopeError);
});

Deno.test("a listener that the program opened itself must be in the scope", () => {
  const copas = new Copas({ net: ["127.0.0.1:0"] });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assertThrows(() => copas.addserver(listener, () => {}), ScopeError);
  assertEquals(copas.finished(), true);
  const udp = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  try {
    assertThrows(() => copas.addserver(udp, () => {}), ScopeError);
  } finally {
    udp.close();
  }
});

Deno.test("a Unix listener must be in the scope", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/socket`;
    using listener = Deno.listen({ transport: "unix", path });
    const closed = new Copas({ net: ["unix:/elsewhere"] });
    assertThrows(() => closed.addserver(listener, () => {}), ScopeError, path);
    const open = new Copas({ net: [`unix:${path}`] });
    open.addserver(listener, () => {});
    open.removeserver(listener, true);
    assertEquals(open.netaccess().listen, [`unix:${path}`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a view has the dispatcher's threads, servers and sockets, and its own scope", async () => {
  const copas = new Copas();
  const view = copas.scoped({ net: ["127.0.0.1:0"] });
  const server = view.socket.bind("127.0.0.1", 0);
  view.addserver(server, () => {});
  assertEquals(copas.status().servers.length, 1);
  const udp = view.socket.udp();
  assertEquals(copas.wrap(udp), udp);
  view.autoclose = false;
  assertEquals(copas.autoclose, false);
  copas.autoclose = true;
  const { port } = server.addr;
  await assertRejects(
    () => view.socket.connect("127.0.0.1", port),
    ScopeError,
  );
  // The socket of another view is held against this one as well.
  const skt = copas.socket.tcp();
  await assertRejects(() => view.connect(skt, "127.0.0.1", port), ScopeError);
  await skt.connect("127.0.0.1", port);
  await skt.close();
  copas.removeserver(server);
  assertEquals(view.finished(), true);
});

Deno.test("a name that a view connects to is looked up and checked, also by a socket of another view", async () => {
  const policy = (net?: string[], parent?: NetPolicy) =>
    new NetPolicy("test", net, parent, () => Promise.resolve(["127.0.0.1"]));
  const open = policy();
  const narrow = new Network(policy(["name.example"], open));
  const wide = new Network(open).within(narrow);
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = server.addr;
  const { signal } = new AbortController();
  const error = await assertRejects(
    () => wide.connect("name.example", port, signal),
    ScopeError,
  );
  assertEquals(error.entry, `127.0.0.1:${port}`);
});

Deno.test("a view's scope holds for connect and sendto by a socket that a wider view made, and by that of a sibling", async () => {
  const copas = new Copas();
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = server.addr;
  // The name is allowed, and points to this machine, which is not.
  const own = Deno.hostname();
  const view = copas.scoped({ net: [own] });
  const sibling = copas.scoped({ net: ["127.0.0.1"] });
  const named = Deno.readTextFileSync("/etc/hosts").includes(own);
  for (const maker of [copas, sibling]) {
    const skt = maker.socket.tcp();
    if (named) {
      await assertRejects(
        () => view.connect(skt, own, port),
        ScopeError,
      );
    }
    await assertRejects(() => view.connect(skt, "127.0.0.1", port), ScopeError);
    await skt.close();
    const udp = maker.socket.udp();
    udp.setsockname("127.0.0.1", 0);
    if (named) {
      await assertRejects(
        () => view.sendto(udp, "x", own, 9),
        ScopeError,
      );
    }
    await assertRejects(
      () => view.sendto(udp, "x", "127.0.0.1", 9),
      ScopeError,
    );
    assertEquals(await sibling.sendto(udp, "x", "127.0.0.1", 9), 1);
    await udp.close();
  }
});

Deno.test("a view of a view narrows further", async () => {
  const view = new Copas().scoped({ net: [":80", ":81"] })
    .scoped({ net: [":81", ":82"] });
  for (const port of [80, 82]) {
    await assertRejects(
      () => view.socket.connect("127.0.0.1", port),
      ScopeError,
    );
  }
});

Deno.test("what was checked is what is connected to", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = server.addr;
  const lookups: string[] = [];
  const policy = new NetPolicy(
    "test",
    ["name.example", "127.0.0.1"],
    undefined,
    (name) => {
      lookups.push(name);
      return Promise.resolve(["10.0.0.1", "127.0.0.1"]);
    },
  );
  const network = new Network(policy);
  const { signal } = new AbortController();
  const [theirs, ours] = await Promise.all([
    server.accept(),
    network.connect("name.example", port, signal),
  ]);
  assertEquals(ours.remoteAddr.hostname, "127.0.0.1");
  // Only once: a second answer might be another one.
  assertEquals(lookups, ["name.example"]);
  theirs.close();
  ours.close();
});

Deno.test("a name that was rebound to this machine is refused", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const policy = new NetPolicy("test", ["name.example"], undefined, () => {
    return Promise.resolve(["127.0.0.1"]);
  });
  const error = await assertRejects(
    () =>
      new Network(policy).connect(
        "name.example",
        server.addr.port,
        new AbortController().signal,
      ),
    ScopeError,
  );
  assertEquals(error.entry, `127.0.0.1:${server.addr.port}`);
});

Deno.test("a name that can't be looked up is an unknown host", async () => {
  const policy = new NetPolicy("test", ["name.example"], undefined, () => {
    return Promise.reject(new Error("no such name"));
  });
  await assertRejects(
    () =>
      new Network(policy).connect(
        "name.example",
        80,
        new AbortController().signal,
      ),
    Deno.errors.NotFound,
    "Cannot connect to name.example:80: unknown host",
  );
});

Deno.test("the next address is tried when the first one refuses", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const policy = new NetPolicy(
    "test",
    ["name.example", "127.0.0.0/8"],
    undefined,
    () => {
      return Promise.resolve(["127.0.0.2", "127.0.0.1"]);
    },
  );
  const conn = await new Network(policy).connect(
    "name.example",
    server.addr.port,
    new AbortController().signal,
  );
  assertEquals(conn.remoteAddr.hostname, "127.0.0.1");
  conn.close();
});

Deno.test("where Deno grants only the name, the address is checked before anything is sent", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = server.addr;
  const script = `
    import { Copas } from "{mod}";
    const copas = new Copas({ net: ["localhost:${port}"] });
    const skt = await copas.socket.connect("localhost", ${port});
    console.log(skt.getpeername()[0]);
    await skt.close();`;
  const accepted = server.accept();
  const { stdout, stderr } = await runScript(script, [
    `--allow-net=localhost:${port}`,
    "--allow-import",
  ]);
  (await accepted).close();
  assertEquals(stderr, "");
  assertEquals(stdout.trim(), "127.0.0.1");
});

Deno.test("a missing permission is named as the flag that grants it", async () => {
  const script = `
    import { Copas } from "{mod}";
    const copas = new Copas();
    const udp = copas.socket.udp();
    for (const call of [
      () => copas.socket.bind("127.0.0.1", 8080),
      () => copas.socket.connect("example.com", 443),
      () => copas.socket.connect("::1", 443),
      () => udp.setsockname("127.0.0.1", 9999),
    ]) {
      try {
        await call();
      } catch (error) {
        console.log(error.name + ": " + error.message);
      }
    }`;
  assertEquals((await runScript(script, [])).stdout.trim().split("\n"), [
    "NotCapable: Cannot bind 127.0.0.1:8080: net access is not granted; run with --allow-net=127.0.0.1:8080",
    "NotCapable: Cannot connect to example.com:443: net access is not granted; run with --allow-net=example.com:443",
    "NotCapable: Cannot connect to [::1]:443: net access is not granted; run with --allow-net=[::1]:443",
    "NotSupported: Cannot bind 127.0.0.1:9999: UDP is not available; run with --unstable-net and --allow-net=127.0.0.1:9999",
  ]);
  const { stdout } = await runScript(script, [
    "--allow-net",
    "--deny-net=127.0.0.1",
  ]);
  assertEquals(
    stdout.split("\n")[0],
    "NotCapable: Cannot bind 127.0.0.1:8080: net access is denied; take 127.0.0.1:8080 out of --deny-net, or run with --allow-net=127.0.0.1:8080",
  );
});

Deno.test("importing and constructing asks for no permission", async () => {
  const { code, stdout, stderr } = await runScript(
    `import { Copas } from "{mod}";
     const copas = new Copas({ net: ["example.com", "10.0.0.0/8"] });
     copas.scoped({ net: [] });
     console.log(String(copas.netaccess()));`,
    ["--deny-net", "--deny-read", "--deny-env", "--deny-sys", "--deny-run"],
  );
  assertEquals([code, stdout, stderr], [0, "\n", ""]);
});

Deno.test("what a run with all permissions has printed is enough for the next", async () => {
  const script = `
    import { Copas } from "{mod}";
    const copas = new Copas();
    const server = copas.socket.bind("127.0.0.1", 0);
    copas.addserver(server, () => {});
    const skt = await copas.socket.connect("127.0.0.1", server.addr.port)
      .catch((error) => error);
    const udp = copas.socket.udp();
    udp.setsockname("127.0.0.1", 0);
    await udp.sendto("x", "127.0.0.1", 9);
    for (const each of [skt, udp]) await each.close();
    copas.removeserver(server);
    console.log(String(copas.netaccess()));`;
  const first = await runScript(script, ["-A", "--unstable-net"]);
  assertEquals(first.stderr, "");
  const flags = first.stdout.trim().split(" ");
  const second = await runScript(script, flags);
  assertEquals([second.code, second.stderr], [0, ""]);
});

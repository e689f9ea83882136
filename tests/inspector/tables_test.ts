import { assert, assertEquals } from "@std/assert";
import { Inspected } from "../fixtures/inspected.ts";

/** A server that echoes, with so many clients; the clients are closed by the caller. */
async function connect(
  { copas }: Inspected,
  name: string,
  count: number,
): Promise<Deno.TcpConn[]> {
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(
    listener,
    copas.handler(async (skt) => {
      for await (const line of skt) {
        if (line === "fail") throw new Error("failed as told");
        await skt.send(line + "\n");
      }
    }),
    { name },
  );
  const { port } = listener.addr;
  const clients: Deno.TcpConn[] = [];
  for (let i = 0; i < count; i++) {
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    clients.push(client);
    await say(client, "x".repeat(i + 1));
  }
  return clients;
}

async function say(client: Deno.TcpConn, line: string): Promise<void> {
  await client.write(new TextEncoder().encode(line + "\n"));
  await client.read(new Uint8Array(2000));
}

Deno.test("connections are shown in parts, sorted and searched", async () => {
  await using inspected = new Inspected();
  const clients = await connect(inspected, "echo", 30);
  const cookie = await inspected.enter();
  const rows = (query: string) =>
    inspected.rows(cookie, `table=connections&${query}`);
  const part = await rows("offset=5&limit=3");
  assertEquals([part.total, part.matching, part.offset], [30, 30, 5]);
  assertEquals(part.rows.map(({ name }) => name), [
    "echo:client_6",
    "echo:client_7",
    "echo:client_8",
  ]);
  const [row] = part.rows;
  const { port } = clients[5].localAddr as Deno.NetAddr;
  assertEquals(row.peer, `127.0.0.1:${port}`);
  assertEquals([row.received, row.sent, row.waitsfor], [7, 7, "receive"]);
  assert(Number(row.age) >= 0);
  const most = await rows("sort=received&descending=true&limit=2");
  assertEquals(most.rows.map(({ received }) => received), [31, 30]);
  const found = await rows("search=CLIENT_3");
  assertEquals([found.total, found.matching], [30, 2]);
  assertEquals((await rows("search=nothing")).matching, 0);
  // Beyond the end, and wrong numbers.
  assertEquals((await rows("offset=999999999&limit=5")).rows.length, 1);
  assertEquals((await rows("offset=-1&limit=1e9&sort=__proto__")).offset, 0);
  assertEquals((await rows("limit=100000")).rows.length, 30);
  for (const client of clients) client.close();
});

Deno.test("threads are shown with what each waits for, and for how long", async () => {
  await using inspected = new Inspected();
  const { copas } = inspected;
  const lock = copas.lock.new({ name: "door", timeout: Infinity });
  const waker = copas.addnamedthread("sleeper", () => copas.pause(100));
  const owner = copas.addnamedthread("owner", async () => {
    using _held = await lock.hold();
    await copas.pauseforever();
  });
  const second = copas.addnamedthread(
    "second",
    async () => void await lock.hold(),
  );
  const cookie = await inspected.enter();
  const { rows } = await inspected.rows(cookie, "table=threads&sort=name");
  const told = Object.fromEntries(
    rows.map(({ name, waitsfor }) => [name, waitsfor]),
  );
  assertEquals(told.sleeper, "sleep");
  assertEquals(told.owner, "sleep until it is woken");
  assert(/^door: .*1 waiting$/.test(String(told.second)), `${told.second}`);
  const { left } = rows.find(({ name }) => name === "sleeper")!;
  assert(Number(left) > 90 && Number(left) <= 100);
  for (const thread of [second, owner, waker]) copas.removethread(thread);
});

Deno.test("the last errors are kept, long ones cut, in a bounded number", async () => {
  await using inspected = new Inspected();
  const { copas } = inspected;
  for (let i = 1; i <= 600; i++) {
    copas.addnamedthread(`<b>${i}</b>`, () => {
      throw i === 600 ? new RangeError("y".repeat(5000)) : "a text";
    });
  }
  copas.addthread(() => {
    throw Object.defineProperties(new Error(), {
      name: { value: Symbol("no text") },
      message: {
        get() {
          throw new Error("no message");
        },
      },
    });
  });
  const cookie = await inspected.enter();
  const { total, rows } = await inspected.rows(cookie, "table=errors&limit=3");
  assertEquals(total, 500);
  assertEquals(rows[0].message, "can't be read");
  assertEquals([rows[1].code, rows[1].thread], ["RangeError", "<b>600</b>"]);
  assertEquals(String(rows[1].message).length, 1001);
  assertEquals([rows[2].code, rows[2].message], ["string", "a text"]);
  assertEquals(inspected.errors.length, 601);
});

Deno.test("buttons close a connection, pause, resume and drain a server", async () => {
  await using inspected = new Inspected();
  const { copas } = inspected;
  const [first, second] = await connect(inspected, "echo", 2);
  const cookie = await inspected.enter();
  const headers = await inspected.orderHeaders(cookie);
  const order = async (action: string, id: unknown) => {
    const body = JSON.stringify({ action, id });
    const ask = { method: "POST", path: "/actions", headers, body };
    return (await inspected.ask(ask)).code;
  };
  const { rows } = await inspected.rows(cookie, "table=connections");
  assertEquals(await order("close", rows[0].id), 200);
  assertEquals(await first.read(new Uint8Array(1)), null);
  assertEquals(await order("close", rows[0].id), 404);
  await say(second, "still there");
  const [server] = copas.status().servers;
  const overview = await inspected.overview(cookie);
  const { id } = overview.servers[0];
  assertEquals(await order("pause", id), 200);
  assertEquals("paused" in server && server.paused, true);
  assertEquals(await order("resume", id), 200);
  assertEquals("paused" in server && server.paused, false);
  assertEquals(await order("close", id), 404);
  assertEquals(await order("drain", id), 200);
  assertEquals(server.closed, true);
  const draining = await inspected.overview(cookie);
  assertEquals(draining.servers[0].state, "draining");
  assertEquals(await order("abort", rows[1].id), 200);
  await second.read(new Uint8Array(1)).catch(() => null);
  for (const client of [first, second]) client.close();
  assertEquals(inspected.errors, []);
});

Deno.test("workers are shown, and a button restarts one", async () => {
  await using inspected = new Inspected();
  const { copas } = inspected;
  const module = new URL("../fixtures/worker_handler.ts", import.meta.url);
  const workers = copas.addworkers(module, {
    hostname: "127.0.0.1",
    port: 0,
    count: 1,
    name: "served",
  });
  await workers.ready;
  const who = async () => {
    const { hostname, port } = workers.addr;
    using client = await Deno.connect({ hostname, port });
    await client.write(new TextEncoder().encode("who\n"));
    const buffer = new Uint8Array(100);
    return new TextDecoder().decode(
      buffer.subarray(0, await client.read(buffer) ?? 0),
    );
  };
  const before = await who();
  const cookie = await inspected.enter();
  const { workers: [group] } = await inspected.overview(cookie);
  assertEquals(group.name, "served");
  assertEquals(group.workers[0].state, "listening");
  const headers = await inspected.orderHeaders(cookie);
  const body = JSON.stringify({ action: "restart", id: group.id, worker: 1 });
  const ask = { method: "POST", path: "/actions", headers, body };
  assertEquals((await inspected.ask(ask)).code, 200);
  // One that is asked for meanwhile is the same.
  await workers.restart(1);
  assert(await who() !== before);
  await workers.stop();
  assertEquals((await inspected.overview(cookie)).workers, []);
  assertEquals(inspected.errors, []);
});

Deno.test("ten thousand connections are looked through without holding the loop for long", async () => {
  await using inspected = new Inspected();
  const { copas } = inspected;
  // Threads stand for connections: both tables are read the same way.
  const gate = copas.future.new<void>();
  for (let i = 0; i < 10_000; i++) {
    copas.addnamedthread(`worker ${i}`, async () => void await gate.get());
  }
  const cookie = await inspected.enter();
  // Looking at each thread's tool anew would take seconds.
  const times: number[] = [];
  for (const query of ["", "search=99&sort=waitsfor", "sort=name"]) {
    const began = performance.now();
    const { total, rows } = await inspected.rows(
      cookie,
      `table=threads&limit=40&${query}`,
    );
    times.push(performance.now() - began);
    assertEquals([total, rows.length], [10_001, 40]);
  }
  assert(Math.max(...times) < 1500, `${times}`);
  const { tools } = await inspected.overview(cookie);
  assertEquals(tools[0].waiting, 10_000);
  assertEquals(tools[0].threads.length, 5);
  gate.resolve();
});

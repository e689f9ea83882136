import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import { CancelledError } from "../../src/errors/errors.ts";
import { httpFor, type HttpParams } from "../../src/http/mod.ts";
import { closedPort, RawServer } from "../fixtures/raw_server.ts";
import { turn } from "../fixtures/event_loop.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A server that answers when it is told to, and tells when a client has gone. */
class NetPolicy extends RawServer {
  readonly asked: Promise<void>;
  readonly open: () => void;
  readonly gone: Promise<void>;

  constructor(partial = "") {
    const asked = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    super(async (peer) => {
      await peer.head();
      await peer.write(partial);
      asked.resolve();
      const left = peer.gone().then(() => gone.resolve());
      await opened.promise;
      if (partial === "") await peer.write(OK);
      await left;
    });
    this.asked = asked.promise;
    this.open = opened.resolve;
    this.gone = gone.promise;
  }
}

/** Drives the dispatcher until `until` resolves. */
async function drive(copas: Copas, until: Promise<void>): Promise<void> {
  let over = false;
  until.then(() => over = true);
  while (!over) await copas.step(0.01);
}

Deno.test("loop() does not end before a request, and is not held up after it", async () => {
  const copas = new Copas();
  await using gate = new NetPolicy();
  let code = 0;
  const task = copas.addnamedthread("asker", async () => {
    [, code] = await httpFor(copas).request(gate.url());
  });
  assertEquals(copas.finished(), false);
  gate.asked.then(gate.open);
  await copas.loop();
  assertEquals([code, task.status], [200, "dead"]);
  await gate.gone;
});

Deno.test("step() alone drives a request, which is counted", async () => {
  const copas = new Copas();
  await using gate = new NetPolicy();
  let code = 0;
  copas.addnamedthread("asker", async () => {
    [, code] = await httpFor(copas).request(gate.url());
  });
  await drive(copas, gate.asked);
  const { threads, read } = copas.status();
  assertEquals([threads, read], [1, 1]);
  assertEquals(copas.finished(), false);
  gate.open();
  while (!copas.finished()) await copas.step(0.01);
  assertEquals(code, 200);
});

Deno.test("nothing happens while the dispatcher is not driven", async () => {
  const copas = new Copas();
  await using server = new RawServer((peer) => peer.head());
  const task = copas.addthread(() => httpFor(copas).request(server.url()));
  await turn();
  assertEquals(server.count, 0);
  copas.removethread(task);
  await copas.loop();
  assertEquals(server.count, 0);
});

for (const partial of ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"]) {
  const when = partial === "" ? "before the answer" : "in the body";

  Deno.test(`removethread ends a request ${when}, and closes its connection`, async () => {
    const copas = new Copas();
    await using gate = new NetPolicy(partial);
    let error: unknown;
    const task = copas.addthread(async () => {
      try {
        await httpFor(copas).request(gate.url());
      } catch (caught) {
        error = caught;
      }
    });
    await drive(copas, gate.asked);
    copas.removethread(task);
    await copas.loop();
    assert(error instanceof CancelledError, String(error));
    gate.open();
    await gate.gone;
  });

  Deno.test(`a signal ends a request ${when}, and closes its connection`, async () => {
    const copas = new Copas();
    await using gate = new NetPolicy(partial);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    gate.asked.then(() => controller.abort(reason));
    const error = await assertRejects(
      () => httpFor(copas).request({ url: gate.url(), signal }),
      CancelledError,
    );
    assert(error.message.startsWith(`Cannot GET ${gate.url()}: `));
    assert(Deno.inspect(error).includes("enough"));
    gate.open();
    await gate.gone;
  });
}

Deno.test("a signal that has aborted already lets nothing be sent", async () => {
  const copas = new Copas();
  await using server = new RawServer((peer) => peer.gone());
  const signal = AbortSignal.abort();
  await assertRejects(
    () => httpFor(copas).request({ url: server.url(), signal }),
    CancelledError,
  );
  assertEquals(server.count, 0);
});

Deno.test("removethread ends a request whose source or sink hangs", async () => {
  const never = new Promise<never>(() => {});
  const hanging: ((started: () => void) => Partial<HttpParams>)[] = [
    (started) => ({
      method: "PUT",
      source: async function* () {
        yield "a";
        started();
        await never;
      }(),
    }),
    (started) => ({ sink: () => (started(), never) }),
  ];
  for (const make of hanging) {
    const copas = new Copas();
    const started = Promise.withResolvers<void>();
    await using server = new RawServer(async (peer) => {
      const head = await peer.head();
      if (head.startsWith("GET")) await peer.write(OK);
      await peer.gone();
    });
    const params = make(started.resolve);
    const task = copas.addthread(() =>
      httpFor(copas).request({ url: server.url(), ...params })
    );
    await drive(copas, started.promise);
    copas.removethread(task);
    await copas.loop();
    assertEquals(task.status, "dead");
  }
});

Deno.test("requests of many threads are under way at once", async () => {
  const copas = new Copas();
  const all = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer, number) => {
    await peer.head();
    if (number === 10) all.resolve();
    await all.promise;
    await peer.write(OK);
  });
  let answers = 0;
  for (let i = 0; i < 10; i++) {
    copas.addthread(async () => {
      await httpFor(copas).request(server.url());
      answers++;
    });
  }
  await copas.loop();
  assertEquals(answers, 10);
});

Deno.test("sources, sinks and steps run in the thread that asks", async () => {
  const copas = new Copas();
  await using server = new RawServer(async (peer) => {
    await peer.until("0\r\n\r\n");
    await peer.write(OK);
  });
  const names: string[] = [];
  const note = () => void names.push(copas.getthreadname());
  copas.addnamedthread("asker", async () => {
    await httpFor(copas).request({
      url: server.url(),
      method: "PUT",
      source: async function* () {
        note();
        await copas.pause();
        yield "a";
        note();
      }(),
      sink: note,
      step: note,
    });
    note();
  });
  await copas.loop();
  assertEquals(new Set(names), new Set(["asker"]));
  assertEquals(names.length, 6);
});

Deno.test("a request outside every thread drives the dispatcher by itself", async () => {
  const copas = new Copas();
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write(OK);
  });
  const { request } = httpFor(copas);
  const codes = await Promise.all(
    [1, 2, 3].map(async () => (await request(server.url()))[1]),
  );
  assertEquals(codes, [200, 200, 200]);
  assertEquals(copas.finished(), true);
});

Deno.test("an error that leaves a thread has the URL for the error handler", async () => {
  const copas = new Copas();
  const messages: string[] = [];
  copas.seterrorhandler((error) => void messages.push(String(error)), true);
  const url = `http://127.0.0.1:${closedPort()}/`;
  copas.addthread(() => httpFor(copas).request(url));
  await copas.loop();
  assertEquals(messages.length, 1);
  assert(messages[0].includes(`Cannot GET ${url}: `), messages[0]);
});

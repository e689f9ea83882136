// Clients of databases over the dispatcher's connections, and its network scope.

import { once } from "node:events";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ScopeError } from "../../mod.ts";
import { duplex } from "../../src/node/mod.ts";
import type { Copas } from "../../src/copas/copas.ts";
import {
  hasPostgres,
  hasRedis,
  startPostgres,
  startRedis,
} from "../fixtures/databases.ts";
import { npm } from "../fixtures/npm_package.ts";
import { World } from "../fixtures/tls_world.ts";

const ioredis = await npm("ioredis@^5.8.0");
const pg = await npm("pg@^8.16.0");

// deno-lint-ignore no-explicit-any
type Any = any;

/** A client of ioredis whose connections are those of `copas`. */
function redisClient(copas: Copas, host: string, port: number): Any {
  class Connector extends ioredis.AbstractConnector {
    constructor() {
      super(1000);
    }

    async connect(): Promise<unknown> {
      const skt = await copas.socket.connect(host, port, { timeout: 5 });
      return (this as Any).stream = duplex(skt);
    }
  }
  return new ioredis.Redis({
    Connector,
    lazyConnect: true,
    retryStrategy: null,
  });
}

Deno.test({
  name: "ioredis: commands, a pipeline and a subscription over our sockets",
  ignore: ioredis === undefined || !hasRedis,
  async fn() {
    await using database = await startRedis();
    const world = new World();
    const { copas } = world;
    await world.run(async () => {
      const client = redisClient(copas, "127.0.0.1", database.port);
      await copas.wait(client.connect());
      assertEquals(await copas.wait(client.set("name", "Ada")), "OK");
      const answers = client.pipeline().get("name").incr("visits").exec();
      assertEquals(await copas.wait(answers), [[null, "Ada"], [null, 1]]);
      const reader = redisClient(copas, "127.0.0.1", database.port);
      await copas.wait(reader.connect());
      await copas.wait(reader.subscribe("news"));
      const message = once(reader, "message");
      await copas.wait(client.publish("news", "rain"));
      assertEquals(await copas.wait(message), ["news", "rain"]);
      for (const each of [client, reader]) {
        const ended = once(each, "end");
        each.disconnect();
        await copas.wait(ended);
      }
    });
    assertEquals(world.errors, []);
  },
});

Deno.test({
  name: "pg: a query and a transaction over our sockets",
  ignore: pg === undefined || !hasPostgres,
  async fn() {
    await using database = await startPostgres();
    const world = new World();
    const { copas } = world;
    const { Client } = pg.default ?? pg;
    await world.run(async () => {
      const skt = await copas.socket.connect("127.0.0.1", database.port);
      const client = new Client({
        ...{ user: "postgres", database: "postgres" },
        stream: () => duplex(skt),
      });
      await copas.wait(client.connect());
      const { rows } = await copas.wait<Any>(
        client.query("select $1::int + 1 as sum", [41]),
      );
      assertEquals(rows, [{ sum: 42 }]);
      await copas.wait(client.query("begin"));
      await copas.wait(client.query("create table t (n int)"));
      await copas.wait(client.query("rollback"));
      await copas.wait(
        assertRejects(() => client.query("select * from t"), Error, "t"),
      );
      await copas.wait(client.end());
    });
    assertEquals(world.errors, []);
  },
});

Deno.test({
  name:
    "inside a scope a database's address that it does not allow is refused, and the error names the entry that would",
  ignore: ioredis === undefined,
  async fn() {
    const world = new World();
    const { copas } = world;
    await world.run(async () => {
      const scoped = copas.scoped({ net: ["127.0.0.1:6379"] });
      // What a configuration that an attacker has changed leads to.
      const client = redisClient(scoped, "127.0.0.2", 6380);
      client.on("error", () => {}); // connect() tells it as well
      const error = await copas.wait(assertRejects(
        () => client.connect(),
        ScopeError,
      ));
      assertStringIncludes(error.message, "127.0.0.2:6380");
      assertStringIncludes(error.message, '"127.0.0.2:6380"');
      client.disconnect();
    });
    assertEquals(world.errors, []);
  },
});

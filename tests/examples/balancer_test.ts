import { assertEquals } from "@std/assert";
import { RunningExample, withExample } from "./fixtures/running_example.ts";

const name = "balancer";

/** Runs two servers, and the balancer before them. */
function withBalancer(
  talk: (
    balancer: RunningExample,
    behind: [RunningExample, RunningExample],
  ) => Promise<void>,
): Promise<void> {
  return withExample(
    "key_value_server",
    (one) =>
      withExample("key_value_server", (two) => {
        const ports = [`${one.port}`, `${two.port}`];
        return withExample(
          name,
          (balancer) => talk(balancer, [one, two]),
          {
            grants: {
              ":8080": ":0",
              ":6379": `:${ports[0]}`,
              ":6380": `:${ports[1]}`,
            },
            args: ["0", ...ports],
          },
        );
      }),
  );
}

Deno.test(`${name}: connections are spread over the servers behind it`, () =>
  withBalancer(async (balancer, behind) => {
    const clients = [await balancer.connect()];
    await clients[0].say("SET name 1\r\n");
    await clients[0].hear("+OK\r\n");
    clients.push(await balancer.connect());
    await clients[1].say("GET name\r\n");
    // The other server knows nothing of it.
    await clients[1].hear("$-1\r\n");
    const first = await behind[0].connect();
    await first.say("GET name\r\n");
    await first.hear("$1\r\n1\r\n");
  }));

Deno.test(`${name}: a server that is ill gets no connections, and gets them when it is well again`, () =>
  withBalancer(async (balancer, [one]) => {
    await one.stop();
    await balancer.printed(new RegExp(`${one.port} is ill`));
    for (let i = 0; i < 3; i++) {
      const client = await balancer.connect();
      await client.say("PING\r\n");
      await client.hear("+PONG\r\n");
    }
    const again = new RunningExample("key_value_server", {
      grants: { ":6379": `:${one.port}` },
      args: [`${one.port}`],
    });
    try {
      await again.ready();
      await balancer.printed(new RegExp(`${one.port} is well`));
    } finally {
      await again.stop();
    }
  }));

Deno.test(`${name}: SIGTERM refuses new connections, and those that are there come to their end`, () =>
  withBalancer(async (balancer) => {
    const client = await balancer.connect();
    await client.say("PING\r\n");
    await client.hear("+PONG\r\n");
    balancer.kill("SIGTERM");
    const { port } = balancer;
    for (let isRefused = false; !isRefused;) {
      await Deno.connect({ hostname: "127.0.0.1", port })
        .then((conn) => conn.close(), () => isRefused = true);
    }
    await client.say("PING\r\nQUIT\r\n");
    assertEquals(await client.hearAll(), "+PONG\r\n+OK\r\n");
    await client.hangUp();
    assertEquals((await balancer.outcome()).code, 0);
  }));

// Balancer: each connection goes to the server behind it that is well and has the fewest.
//
// Run:  deno run --allow-net=127.0.0.1:8080,127.0.0.1:6379,127.0.0.1:6380 examples/balancer.ts
// Talk: redis-cli -p 8080 (with examples/key_value_server.ts on 6379 and on 6380 behind it)

import copas, { type StreamSocket } from "jsr:@copas/copas";

const [port = "8080", ...targets] = Deno.args;

const backends = (targets.length > 0 ? targets : ["6379", "6380"]).map(
  (target) => {
    const connect = (options = {}) =>
      copas.socket.connect("127.0.0.1", Number(target), options);
    // One connection for the health checks, which is used again.
    const checks = copas.pool.new({ connect, max: 1 });
    return { target, connect, checks, isWell: true, serving: 0 };
  },
);
type Backend = typeof backends[number];

async function check(backend: Backend): Promise<void> {
  const ping = async (skt: StreamSocket) => {
    await skt.send("PING\r\n");
    return await skt.receive();
  };
  const answer = await backend.checks.with(ping, { timeout: 2 })
    .catch((error) => error.message);
  const isWell = answer === "+PONG";
  if (isWell === backend.isWell) return;
  backend.isWell = isWell;
  console.log(`${backend.target} is ${isWell ? "well" : `ill: ${answer}`}`);
}

const forward = copas.handler(async (client) => {
  const inOrder = backends.filter(({ isWell }) => isWell)
    .sort((a, b) => a.serving - b.serving);
  for (const backend of inOrder) {
    const behind = await backend.connect({ timeout: 2 }).catch(() => null);
    if (behind === null) continue;
    backend.serving++;
    await copas.relay(client, behind, { idletimeout: 300 })
      .finally(() => (backend.serving--, behind.close()));
    return;
  }
});

const callback = () => backends.forEach((each) => copas.addthread(check, each));
copas.timer.new({ delay: 1, initialdelay: 0, recurring: true, callback });
const server = copas.socket.bind("127.0.0.1", Number(port));
copas.addserver(server, forward, { maxConnections: 1000 });
// Connections that are there have a minute to come to their end.
copas.shutdownon(["SIGINT", "SIGTERM"], { grace: 60 });
console.log(`Balancer on 127.0.0.1:${server.addr.port}.`);
await copas.loop();

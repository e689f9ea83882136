// Port forwarder: passes every connection on to another server, both ways.
//
// Run:  deno run --allow-net=127.0.0.1:8080,127.0.0.1:6379 examples/proxy.ts
// Talk: redis-cli -p 8080 (with examples/key_value_server.ts behind it)

import copas from "jsr:@copas/copas";

const [port = "8080", target = "6379"] = Deno.args;

const forward = copas.handler(async (client) => {
  await using behind = await copas.socket.connect("127.0.0.1", Number(target), {
    timeout: 10,
  });
  await copas.relay(client, behind);
});

// When nothing listens behind it, one line says so; the stack trace would not help.
copas.seterrorhandler((error) => {
  console.error(error instanceof Error ? error.message : error);
});

const server = copas.socket.bind("127.0.0.1", Number(port));
copas.addserver(server, forward, { name: "proxy" });
console.log(`Proxy on 127.0.0.1:${server.addr.port} for 127.0.0.1:${target}.`);
await copas.loop();

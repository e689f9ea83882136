// Chat over several machines: what one says, all read, whichever machine they are on. /who, /quit.
//
// Run:  deno run --allow-net=127.0.0.1:8080,127.0.0.1:4222 examples/cluster_chat.ts
// Talk: nc 127.0.0.1 8080 (and on another machine, or with another port as the argument, to another one)

import copas, { type StreamSocket } from "jsr:@copas/copas";
import { connect } from "jsr:@copas/copas/cluster/nats";

const [port = "8080", servers = "nats://127.0.0.1:4222"] = Deno.args;
const listener = copas.socket.bind("127.0.0.1", Number(port));
const cluster = await connect(servers.split(","), { copas, timeout: 10 });

// A name belongs to one client of all machines. Should a machine go down, its
// names are free again when the lease is over.
const names = cluster.keys<string>({ name: "chat_names", lease: 10 });
const here = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
const clients = new Set<StreamSocket>();

async function chat(skt: StreamSocket): Promise<void> {
  await skt.send("* Your name?\n");
  const name = (await skt.receive() ?? "").trim();
  if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
    await skt.send("* A name has 1 to 20 letters or digits.\n");
    return;
  }
  await using mine = await names.take(name, here, 5);
  if (mine === undefined) {
    await skt.send("* That name is taken.\n");
    return;
  }
  clients.add(skt);
  try {
    await cluster.publish("chat.room", `* ${name} is here.`);
    for await (const line of skt) {
      if (line === "/quit") break;
      if (line === "/who") {
        for (const [who, where] of await names.list(5)) {
          await skt.send(`* ${who} on ${where}\n`);
        }
      } else {
        await cluster.publish("chat.room", `<${name}> ${line}`);
      }
    }
  } finally {
    clients.delete(skt);
    await cluster.publish("chat.room", `* ${name} has left.`);
  }
}

// One subscription for all clients of this machine. A client that does not read
// misses lines; it does not hold up the others.
copas.addnamedthread("news", async () => {
  for await (const { text } of cluster.subscribe("chat.room")) {
    for (const skt of clients) {
      skt.send(text + "\n", { timeout: 1 }).catch(() => skt.abort());
    }
  }
});

copas.addserver(listener, copas.handler(chat));
console.log(`Chat on ${here}`);
await copas.loop();

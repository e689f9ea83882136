// Step 3: a client gives a name first, within 30 seconds.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/guide/3_names.ts
// Talk: nc 127.0.0.1 8080 (in two terminals)

import copas, { type StreamSocket, TimeoutError } from "jsr:@copas/copas";

const clients = new Map<string, StreamSocket>();

async function tellAll(text: string): Promise<void> {
  for (const client of clients.values()) await client.send(text + "\n");
}

/** Asks for a name until the client gives one that is free. */
async function askName(skt: StreamSocket): Promise<string | null> {
  try {
    for (;;) {
      await skt.send("Your name?\n");
      const name = await skt.receive("*l", { timeout: 30 });
      if (name === null) return null; // the client has closed the connection
      if (/^\w{1,20}$/.test(name) && !clients.has(name)) return name;
    }
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    await skt.send("Too slow. Goodbye.\n");
    return null;
  }
}

async function chat(skt: StreamSocket): Promise<void> {
  const name = await askName(skt);
  if (name === null) return;
  clients.set(name, skt);
  try {
    await tellAll(`* ${name} is here`);
    for await (const line of skt) await tellAll(`${name}: ${line}`);
  } finally {
    clients.delete(name);
    await tellAll(`* ${name} has left`);
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(chat));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);
await copas.loop();

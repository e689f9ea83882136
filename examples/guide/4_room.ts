// Step 4: a client that does not read delays no other client.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/guide/4_room.ts
// Talk: nc 127.0.0.1 8080 (in two terminals)

import defaultCopas, {
  type Copas,
  type Queue,
  type StreamSocket,
  TimeoutError,
} from "jsr:@copas/copas";

/** How many lines may wait for a client. */
const MAX_WAITING = 100;

interface Member {
  readonly skt: StreamSocket;
  /** The lines that are still to be sent to it. */
  readonly outbox: Queue<string>;
}

/** Makes a chat room; the result serves one client of it. */
export function createRoom(copas: Copas): (skt: StreamSocket) => Promise<void> {
  const members = new Map<string, Member>();

  /** Puts a line into every outbox; waits for no client. */
  function tellAll(text: string): void {
    for (const { skt, outbox } of members.values()) {
      if (outbox.getsize() < MAX_WAITING) outbox.push(text + "\n");
      else skt.abort(); // its own thread ends now, and removes it
    }
  }

  /** Asks for a name until the client gives one that is free. */
  async function askName(skt: StreamSocket): Promise<string | null> {
    try {
      for (;;) {
        await skt.send("Your name?\n");
        const name = await skt.receive("*l", { timeout: 30 });
        if (name === null) return null; // the client has closed the connection
        if (/^\w{1,20}$/.test(name) && !members.has(name)) return name;
      }
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      await skt.send("Too slow. Goodbye.\n");
      return null;
    }
  }

  return async (skt) => {
    const name = await askName(skt);
    if (name === null) return;
    const outbox = copas.queue.new<string>({ name: `outbox of ${name}` });
    const writer = copas.addnamedthread(`writer of ${name}`, async () => {
      for await (const text of outbox) await skt.send(text);
    });
    members.set(name, { skt, outbox });
    try {
      tellAll(`* ${name} is here`);
      for await (const line of skt) {
        if (line === "/quit") break;
        if (line === "/who") {
          outbox.push(`* ${[...members.keys()].join(", ")}\n`);
        } else tellAll(`${name}: ${line}`);
      }
    } finally {
      members.delete(name);
      copas.removethread(writer);
      tellAll(`* ${name} has left`);
    }
  };
}

if (import.meta.main) {
  const copas = defaultCopas;
  const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
  copas.addserver(server, copas.handler(createRoom(copas)));
  console.log(`Listening on 127.0.0.1:${server.addr.port}`);
  await copas.loop();
}

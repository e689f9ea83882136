// A request is some lines and an empty one; the answer says how long it was.
import copas, { type StreamSocket } from "jsr:@copas/copas";

async function handle(skt: StreamSocket): Promise<void> {
  let lines = 0;
  let bytes = 0;
  for (;;) {
    const line = await skt.receive("*l"); // an error would leave the handler
    if (line === null) return;
    if (line === "") break;
    lines++;
    bytes += new TextEncoder().encode(line).length;
  }
  await skt.send(`${lines} lines, ${bytes} bytes\n`);
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);

// copas.handler wraps the connection, as copas.wrap does.
copas.addserver(server, copas.handler(handle));
await copas.loop();

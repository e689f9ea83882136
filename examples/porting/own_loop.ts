// A program with a loop of its own counts; clients ask how far it is.
import copas from "jsr:@copas/copas";

let count = 0;
let stopped = false;

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);

copas.addserver(
  server,
  copas.handler(async (skt) => {
    for await (const line of skt) {
      if (line === "stop") {
        stopped = true;
        return;
      }
      await skt.send(`counted: ${count > 0}\n`);
    }
  }),
);

while (!stopped) {
  count++; // the program's own work
  await copas.step(0.01);
}
copas.removeserver(server);
console.log("stopped");

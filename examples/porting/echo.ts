// Every line comes back; "quit" ends the conversation.
import copas from "jsr:@copas/copas";

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);

copas.addserver(server, async (skt) => {
  for (;;) {
    const line = await copas.receive(skt);
    if (line === null || line === "quit") return;
    await copas.send(skt, line + "\n");
  }
});

await copas.loop();

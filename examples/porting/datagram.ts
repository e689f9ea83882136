// Every datagram is answered with its length and its text.
import copas from "jsr:@copas/copas";

const skt = copas.socket.udp();
skt.setsockname("127.0.0.1", Number(Deno.args[0] ?? 8080));
console.log(`Listening on 127.0.0.1:${skt.getsockname()[1]}`);

// A datagram has no connection: the handler runs once, for all clients.
copas.addserver(skt, async () => {
  for (;;) {
    const [data, ip, port] = await skt.receivefrom();
    const text = new TextDecoder().decode(data);
    try {
      await skt.sendto(`${data.length} bytes: ${text}`, ip, port);
    } catch (error) {
      console.error(ip, error); // as nil, err in Lua: the server goes on
    }
  }
});

await copas.loop();

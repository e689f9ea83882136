// UDP server: every datagram comes back, and "time" is answered with the time.
//
// Run:  deno run --unstable-net --allow-net=127.0.0.1 examples/udp_server.ts
// Talk: nc -u 127.0.0.1 8080

import copas from "jsr:@copas/copas";

const skt = copas.socket.udp();
skt.setsockname("127.0.0.1", Number(Deno.args[0] ?? 8080));

// A datagram has no connection: the handler runs once, for all clients.
async function answer(): Promise<void> {
  for (;;) {
    const [bytes, ip, port] = await skt.receivefrom();
    const asksTime = new TextDecoder().decode(bytes).trim() === "time";
    const answer = asksTime ? new Date().toISOString() + "\n" : bytes;
    try {
      await skt.sendto(answer, ip, port);
    } catch (error) {
      // One client that can't be reached must not end the server for the others.
      console.error(`No answer for ${ip}:${port}:`, error);
    }
  }
}

copas.addserver(skt, answer, { name: "udp" });

const [ip, port] = skt.getsockname();
console.log(`UDP server on ${ip}:${port}. Try: nc -u ${ip} ${port}`);
await copas.loop();

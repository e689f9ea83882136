// Echo server that calls the dispatcher's own functions on Deno's connection.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/echo_dispatcher.ts
// Talk: nc 127.0.0.1 8080

import copas from "jsr:@copas/copas";

// echo_server.ts does the same with `copas.handler`, which wraps the connection.
async function echo(conn: Deno.Conn): Promise<void> {
  for (let line; (line = await copas.receive(conn)) !== null;) {
    await copas.send(conn, line + "\n");
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, echo, { name: "echo" });

const { port } = server.addr;
console.log(`Echo server on 127.0.0.1:${port}. Try: nc 127.0.0.1 ${port}`);
await copas.loop();

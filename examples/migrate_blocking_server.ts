// Migration: a guessing game for one player at a time becomes one for many.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/migrate_blocking_server.ts
// Talk: nc 127.0.0.1 8080 (in two terminals at once)

// The server was written without Copas. It played with one player to the end;
// all other players had to wait. A connection that broke ended it for all.
//
//   const server = Deno.listen({ hostname: "127.0.0.1", port: 8080 });
//   for await (const conn of server) {
//     await play(conn);
//     conn.close();
//   }
//
//   async function say(conn: Deno.Conn, text: string): Promise<void> {
//     await conn.write(new TextEncoder().encode(text));
//   }
//
//   async function hear(conn: Deno.Conn): Promise<string | null> {
//     const buffer = new Uint8Array(100);
//     const count = await conn.read(buffer);
//     if (count === null) return null;
//     return new TextDecoder().decode(buffer.subarray(0, count));
//   }
//
// What has changed is the accept loop, and the one line in say() and hear().
// The game is what it was.

import copas from "jsr:@copas/copas";

const server = Deno.listen({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 8080),
});
copas.addserver(server, play, { name: "game", timeout: 300 });

const { port } = server.addr;
console.log(`Guessing game on 127.0.0.1:${port}. Try: nc 127.0.0.1 ${port}`);
await copas.loop();

async function say(conn: Deno.Conn, text: string): Promise<void> {
  await copas.send(conn, text);
}

async function hear(conn: Deno.Conn): Promise<string | null> {
  return await copas.receive(conn);
}

async function play(conn: Deno.Conn): Promise<void> {
  const secret = 1 + Math.floor(Math.random() * 100);
  await say(conn, "I think of a number from 1 to 100. Your guess?\n");
  for (let guesses = 1;; guesses++) {
    const heard = await hear(conn);
    if (heard === null) return;
    const guess = Number(heard);
    if (guess === secret) {
      return await say(conn, `Right! That was guess number ${guesses}.\n`);
    }
    if (guess < secret) await say(conn, "Higher.\n");
    else if (guess > secret) await say(conn, "Lower.\n");
    else await say(conn, "That is no number.\n");
  }
}

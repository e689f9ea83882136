// Frames, the server: each message is its length in four bytes, and JSON; one with a sum is answered.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/frames/server.ts
// Talk: deno run --allow-net=127.0.0.1:8080 examples/frames/client.ts

import copas, { type StreamSocket } from "jsr:@copas/copas";

interface Question {
  id: number;
  numbers: number[];
}

/** What a client may say: anything else is an error that it is told. */
function read(frame: Uint8Array): Question {
  const { id, numbers } = JSON.parse(new TextDecoder().decode(frame)) ?? {};
  const isQuestion = typeof id === "number" && Array.isArray(numbers) &&
    numbers.every((each) => typeof each === "number");
  if (!isQuestion) throw new SyntaxError("not a question");
  return { id, numbers };
}

async function answer(skt: StreamSocket, frame: Uint8Array): Promise<void> {
  const { id, numbers } = read(frame);
  // One that takes a while: others are answered before it.
  await copas.pause(numbers.length / 1000);
  const sum = numbers.reduce((sum, number) => sum + number, 0);
  await skt.sendframe(JSON.stringify({ id, sum }));
}

// So many questions of one client are worked on at once; then it is not read from.
const MOST = 16;

const serve = copas.handler(async (skt) => {
  const places = copas.semaphore.new(MOST, MOST, Infinity);
  const options = { max: 65_536, signal: copas.exitsignal };
  try {
    for (let frame; (frame = await skt.receiveframe(options)) !== null;) {
      await places.take();
      copas.addthread(
        (question: Uint8Array) =>
          answer(skt, question).catch(({ message }) =>
            skt.sendframe(JSON.stringify({ error: message }))
          ).finally(() => places.give()),
        frame,
      );
    }
  } finally {
    // What was asked is answered, also at the end of the server.
    await places.take(MOST);
  }
});

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, serve, { name: "frames", idletimeout: 60 });
copas.shutdownon(["SIGINT", "SIGTERM"], { grace: 10 });
console.log(`Frame server on 127.0.0.1:${server.addr.port}.`);
await copas.loop();

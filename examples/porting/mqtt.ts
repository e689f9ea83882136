// An MQTT 3.1.1 client: subscribes, publishes "hello", prints what it gets.
import copas, { ClosedError, type StreamSocket } from "jsr:@copas/copas";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A packet: its type and flags in a byte, its length in groups of seven bits. */
function packet(head: number, ...parts: number[][]): Uint8Array {
  const body = parts.flat();
  const length: number[] = [];
  let rest = body.length;
  do {
    const low = rest % 128;
    rest = (rest - low) / 128;
    length.push(low + (rest > 0 ? 128 : 0));
  } while (rest > 0);
  return Uint8Array.from([head, ...length, ...body]);
}

/** A number of two bytes, and a text behind its length. */
const word = (n: number) => [n >> 8, n & 255];
const bytes = (s: string) => [...encoder.encode(s)];
const text = (s: string) => [...word(encoder.encode(s).length), ...bytes(s)];

/** Receives bytes that must come, since a packet has begun. */
async function need(skt: StreamSocket, count: number): Promise<Uint8Array> {
  const got = await skt.receive(count);
  if (got === null) throw new ClosedError("the broker closed within a packet");
  return got;
}

async function receivepacket(
  skt: StreamSocket,
): Promise<[kind: number, body: Uint8Array] | null> {
  const head = await skt.receive(1);
  if (head === null) return null;
  let length = 0;
  for (let factor = 1;; factor *= 128) {
    const [byte] = await need(skt, 1);
    length += byte % 128 * factor;
    if (byte < 128) break;
  }
  if (length > 65536) throw new Error("a packet is too long");
  const body = length > 0 ? await need(skt, length) : new Uint8Array();
  return [head[0] >> 4, body];
}

copas.addthread(async () => {
  const port = Number(Deno.args[0] ?? 1883);
  await using skt = await copas.socket.connect("127.0.0.1", port);
  await skt.send(
    packet(0x10, text("MQTT"), [4, 2], word(60), text("porting")),
  );
  const answer = await receivepacket(skt);
  if (answer?.[0] !== 2 || answer[1][1] !== 0) {
    throw new Error("the broker refuses the connection");
  }
  await skt.send(packet(0x82, word(1), text("greetings"), [0]));
  for (;;) {
    const received = await receivepacket(skt);
    if (received === null) break;
    const [kind, body] = received;
    if (kind === 9) { // subscribed
      await skt.send(packet(0x30, text("greetings"), bytes("hello")));
    } else if (kind === 3) { // a message
      const end = 2 + body[0] * 256 + body[1];
      const topic = decoder.decode(body.subarray(2, end));
      const message = decoder.decode(body.subarray(end));
      console.log(`${topic}: ${message}`);
      if (message === "quit") break;
    }
  }
  await skt.send(packet(0xe0));
});

await copas.loop();

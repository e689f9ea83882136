// A WebSocket server: every message comes back.
import copas, { type StreamSocket } from "jsr:@copas/copas";

/** The key that the client has sent, or `null` when it asks for something else. */
async function receivekey(skt: StreamSocket): Promise<string | null> {
  let key: string | null = null;
  for await (const line of skt) {
    if (line === "") return key;
    const match = /^([^:]+):\s*(.*?)\s*$/.exec(line);
    if (match?.[1].toLowerCase() === "sec-websocket-key") key = match[2];
  }
  return null;
}

/** The kind and the payload of a frame; `null` at the end, or for what is refused. */
async function receiveframe(
  skt: StreamSocket,
): Promise<[kind: number, data: Uint8Array] | null> {
  const head = await skt.receive(2);
  if (head === null) return null;
  const [kind, masked] = head;
  if (kind < 128 || masked < 128) return null; // in pieces, or not masked
  let size = masked - 128;
  if (size === 127) return null; // longer than 65535 bytes
  if (size === 126) {
    const length = await skt.receive(2);
    if (length === null) return null;
    size = length[0] * 256 + length[1];
  }
  const mask = await skt.receive(4);
  if (mask === null) return null;
  const data = size === 0 ? new Uint8Array() : await skt.receive(size);
  if (data === null) return null;
  return [kind - 128, data.map((byte, i) => byte ^ mask[i % 4])];
}

async function sendframe(
  skt: StreamSocket,
  kind: number,
  data: Uint8Array,
): Promise<void> {
  const length = data.length < 126
    ? [data.length]
    : [126, data.length >> 8, data.length & 255];
  await skt.send(Uint8Array.from([128 + kind, ...length, ...data]));
}

async function acceptkey(key: string): Promise<string> {
  const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const hash = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(text),
  );
  return new Uint8Array(hash).toBase64();
}

async function handle(skt: StreamSocket): Promise<void> {
  const key = await receivekey(skt);
  if (key === null) {
    await skt.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    return;
  }
  await skt.send(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n" +
      "connection: upgrade\r\n" +
      `sec-websocket-accept: ${await acceptkey(key)}\r\n\r\n`,
  );
  for (;;) {
    const frame = await receiveframe(skt);
    if (frame === null) return;
    const [kind, data] = frame;
    if (kind === 1 || kind === 2) { // text, bytes
      await sendframe(skt, kind, data);
    } else if (kind === 9) { // ping, answered by pong
      await sendframe(skt, 10, data);
    } else if (kind === 8) { // close
      await sendframe(skt, 8, data);
      return;
    } else if (kind !== 10) return;
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
console.log(`Listening on 127.0.0.1:${server.addr.port}`);
copas.addserver(server, copas.handler(handle));
await copas.loop();

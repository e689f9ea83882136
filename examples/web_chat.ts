// Web chat: browsers and nc in one room, on one port. What one says, all read.
//
// Run:  deno run --allow-net=127.0.0.1:8080 --allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE examples/web_chat.ts
// Talk: a browser on http://127.0.0.1:8080, and nc 127.0.0.1 8080

import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "npm:ws@^8.23.0";
import copas, { type StreamSocket, TimeoutError } from "jsr:@copas/copas";
import { listener } from "jsr:@copas/copas/node";

/** How many bytes may be on their way to a member who does not read. */
const MOST_UNREAD = 64 * 1024;
const LONGEST_LINE = 1000;

/** A member of the chat, by whatever means. */
interface Member {
  name: string;
  tell(line: string): void;
}

const members = new Set<Member>();

function tellAll(line: string): void {
  for (const member of members) member.tell(line);
}

/** Lets a member in, unless the name is none. */
function join(name: string, tell: Member["tell"]): Member | undefined {
  if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
    tell("* A name has 1 to 20 letters or digits. What is yours?");
    return undefined;
  }
  const member = { name, tell };
  members.add(member);
  tellAll(`* ${name} is here.`);
  return member;
}

function leave(member: Member | undefined): void {
  if (members.delete(member!)) tellAll(`* ${member!.name} has left.`);
}

/** What could move the cursor of a terminal is left out. */
function say(member: Member, line: string): void {
  tellAll(`${member.name}: ${line.replace(/\p{Cc}/gu, "")}`);
}

// --- Lines ----------------------------------------------------------------------

/** The chat of a client that speaks lines. */
async function chatByLines(skt: StreamSocket): Promise<void> {
  let unread = 0;
  const tell = (line: string) => {
    if (unread > MOST_UNREAD) return; // misses it: the others don't wait
    unread += line.length;
    // A connection that is gone is noticed by the loop below.
    skt.send(line + "\n").then(() => unread -= line.length, () => {});
  };
  tell("* What is your name?");
  let member: Member | undefined;
  try {
    for await (const line of skt) {
      if (member === undefined) member = join(line, tell);
      else say(member, line);
    }
  } finally {
    leave(member);
  }
}

// --- WebSocket ------------------------------------------------------------------

/** The chat of a browser. Each message is a line. */
function chatByWebSocket(socket: WebSocket): void {
  const tell = (line: string) => {
    if (socket.bufferedAmount <= MOST_UNREAD) socket.send(line);
  };
  tell("* What is your name?");
  let member: Member | undefined;
  socket.on("message", (data: unknown) => {
    const line = String(data);
    if (member === undefined) member = join(line, tell);
    else say(member, line);
  });
  socket.on("close", () => leave(member));
  socket.on("error", () => {}); // its close follows
}

const page = `<!doctype html>
<meta charset="utf-8">
<title>Chat</title>
<style>
  body { font: 16px sans-serif; max-width: 40em; margin: 2em auto }
  ol { list-style: none; padding: 0 }
  input { width: 100%; font: inherit }
</style>
<ol id="said"></ol>
<form><input autofocus maxlength="500" autocomplete="off"></form>
<script>
  const socket = new WebSocket("ws://" + location.host);
  const show = (line) => {
    const item = document.createElement("li");
    item.textContent = line; // text, so that nothing in it is markup
    document.getElementById("said").append(item);
  };
  socket.onmessage = ({ data }) => show(data);
  socket.onclose = () => show("* The connection is gone.");
  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    const input = document.querySelector("input");
    socket.send(input.value);
    input.value = "";
  };
  // "#Ada" in the address is the name of the visitor.
  if (location.hash) socket.onopen = () => socket.send(location.hash.slice(1));
</script>
`;

const http = createServer((_request, response) => {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(page);
});
const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: LONGEST_LINE,
});
http.on("upgrade", (request, socket, head) => {
  const { origin, host } = request.headers;
  // The page of another site must not talk here as its visitor.
  if (origin !== undefined && origin !== `http://${host}`) {
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  } else sockets.handleUpgrade(request, socket, head, chatByWebSocket);
});
const web = listener(copas, http);

// --- One port for all -------------------------------------------------------------

/** A browser speaks first, and at once. A client that is silent, or says something else, speaks lines. */
async function speaksHttp(skt: StreamSocket): Promise<boolean> {
  try {
    const start = await skt.peek(4, { min: 4, timeout: 0.5 });
    return start !== null && new TextDecoder().decode(start) === "GET ";
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(
  server,
  copas.handler(async (skt) => {
    if (await speaksHttp(skt)) await web(skt);
    else await chatByLines(skt);
  }),
  { name: "chat", maxline: LONGEST_LINE, maxConnections: 1000 },
);

const { port } = server.addr;
console.log(`Chat on http://127.0.0.1:${port}. Or try: nc 127.0.0.1 ${port}`);
await copas.loop();

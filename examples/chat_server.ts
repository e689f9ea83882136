// Chat server: what one client says, all others read. /who, /nick NAME, /quit.
//
// Run:  deno run --allow-net=127.0.0.1:8080 examples/chat_server.ts
// Talk: nc 127.0.0.1 8080 (in several terminals)

import copas, { type StreamSocket, TooLongError } from "jsr:@copas/copas";

/** How many lines may wait for a member that does not read. */
const MOST_UNREAD = 100;

/** A client that has given a name. */
class Member {
  #unread = 0;
  #missed = 0;

  constructor(readonly skt: StreamSocket, public name: string) {}

  /**
   * Sends a line to this member. The callers do not await it: a send waits while
   * its peer does not read, and the other members must not wait for the slowest.
   * A member that is too far behind misses lines, and is told how many.
   */
  async tell(line: string): Promise<void> {
    if (this.#unread === MOST_UNREAD) {
      this.#missed++;
      return;
    }
    this.#unread++;
    try {
      await this.skt.send(line + "\n");
    } catch {
      return; // The connection is gone; the member's own thread finds out, too.
    }
    this.#unread--;
    if (this.#unread === 0 && this.#missed > 0) {
      const missed = this.#missed;
      this.#missed = 0;
      this.tell(`* You missed ${missed} lines.`);
    }
  }
}

const members = new Set<Member>();

/** Sends a line to all members but the speaker. */
function tellOthers(line: string, speaker: Member): void {
  for (const member of members) {
    if (member !== speaker) member.tell(line);
  }
}

/** Why a member can't have this name; nothing if it can. */
function refusal(name: string): string | undefined {
  if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
    return "A name has 1 to 20 letters or digits.";
  }
  for (const member of members) {
    if (member.name.toLowerCase() === name.toLowerCase()) {
      return `${member.name} is here already.`;
    }
  }
  return undefined;
}

/** Asks for a name until there is a good one. */
async function join(skt: StreamSocket): Promise<Member | undefined> {
  await skt.send("* What is your name?\n");
  for await (const name of skt) {
    const problem = refusal(name);
    if (problem === undefined) {
      const member = new Member(skt, name);
      members.add(member);
      return member;
    }
    await skt.send(`* ${problem} What is your name?\n`);
  }
  return undefined; // The client has left without giving a name.
}

/** Runs a member's command, or passes the line on. */
function obey(member: Member, line: string): void {
  const [command, argument = ""] = line.split(" ");
  if (command === "/who") {
    const names = Array.from(members, ({ name }) => name);
    member.tell(`* Here are ${names.join(", ")}.`);
  } else if (command === "/nick") {
    const problem = refusal(argument);
    if (problem !== undefined) return void member.tell(`* ${problem}`);
    tellOthers(`* ${member.name} is now ${argument}.`, member);
    member.name = argument;
    member.tell(`* You are now ${argument}.`);
  } else if (command.startsWith("/")) {
    member.tell("* There are /who, /nick NAME and /quit.");
  } else {
    // What could move the cursor or ring the bell of a terminal is left out.
    tellOthers(`${member.name}: ${line.replace(/\p{Cc}/gu, "")}`, member);
  }
}

async function chat(skt: StreamSocket): Promise<void> {
  skt.setoption("keepalive", true); // finds out that a machine has vanished
  const member = await join(skt);
  if (member === undefined) return;
  tellOthers(`* ${member.name} is here.`, member);
  member.tell(`* Hello, ${member.name}. There are /who, /nick NAME and /quit.`);
  try {
    for await (const line of skt) {
      if (line === "/quit") break;
      obey(member, line);
    }
  } finally {
    members.delete(member);
    tellOthers(`* ${member.name} has left.`, member);
  }
}

/** Serves a client; tells it when it is cut off for a line that is too long. */
async function chatPolitely(skt: StreamSocket): Promise<void> {
  try {
    await chat(skt);
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
    await skt.send("* That line was too long. Goodbye.\n");
  }
}

const server = copas.socket.bind("127.0.0.1", Number(Deno.args[0] ?? 8080));
copas.addserver(server, copas.handler(chatPolitely), {
  name: "chat",
  maxline: 1000,
});

const { port } = server.addr;
console.log(`Chat server on 127.0.0.1:${port}. Try: nc 127.0.0.1 ${port}`);
await copas.loop();

/**
 * Load: messages of one size over connections that stay open, each answered by
 * an echo, or by one and the same answer. A connection has a fixed number in flight; or, with fewer messages
 * than connections, they go round: the next one is sent on the next connection.
 *
 * In the warm-up every byte that comes back is compared.
 *
 * @module
 */

import { Epoll, FAILED, READABLE, WRITABLE } from "../system/epoll.ts";
import {
  close,
  connectStream,
  receive,
  send,
  type Target,
} from "../system/sockets.ts";
import { Latencies } from "./latencies.ts";
import {
  type LoadOptions,
  type Measured,
  runLoad,
  Window,
} from "./measured.ts";

/** What this load is told. */
export interface MessageOptions extends LoadOptions {
  target: Target;
  connections: number;
  /** Bytes of a message; it ends with LF. */
  size: number;
  /** Messages in flight on each connection. */
  inFlight: number;
  /** What each message is, of `size` bytes, where it is no line; and what is answered, where that is no echo. */
  request?: string;
  answer?: string;
  /** Messages in flight in all, where that is fewer than one a connection. */
  active?: number;
}

class Peer {
  readonly fd: number;
  /** All messages that can be in flight, one after the other. */
  readonly messages: Uint8Array;
  /** When those in flight were sent, oldest first from `oldest` on. */
  readonly sentAt: Float64Array;
  oldest = 0;
  waiting = 0;
  /** Bytes of the message that is coming back. */
  received = 0;
  /** Bytes that found no room. */
  unsent = 0;

  constructor(options: MessageOptions, number: number) {
    const { size, inFlight, request } = options;
    this.fd = connectStream(options.target, number);
    this.messages = new Uint8Array(size * inFlight).fill(46);
    const label = new TextEncoder().encode(`connection ${number} `);
    for (let at = 0; at < this.messages.length; at += size) {
      if (request !== undefined) {
        new TextEncoder().encodeInto(request, this.messages.subarray(at));
        continue;
      }
      this.messages.set(label.subarray(0, size - 1), at);
      this.messages[at + size - 1] = 10;
    }
    this.sentAt = new Float64Array(inFlight);
  }
}

class MessageLoad {
  readonly #options: MessageOptions;
  readonly #epoll = new Epoll();
  readonly #peers: Peer[] = [];
  readonly #into = new Uint8Array(256 * 1024);
  readonly #window: Window;
  readonly #latencies = new Latencies();
  #next = 0;
  /** What is answered, where it is no echo. */
  readonly #answer?: Uint8Array;
  /** Bytes of an answer. */
  readonly #size: number;

  constructor(options: MessageOptions) {
    this.#options = options;
    const { answer, size } = options;
    if (answer !== undefined) this.#answer = new TextEncoder().encode(answer);
    this.#size = this.#answer?.length ?? size;
    this.#connect();
    this.#window = new Window(options);
  }

  #connect(): void {
    const { connections } = this.#options;
    for (let number = 0; number < connections; number++) {
      const peer = new Peer(this.#options, number);
      this.#peers.push(peer);
      this.#epoll.add(peer.fd, WRITABLE, number);
      // No more than the server's backlog takes.
      if (number % 100 === 99) this.#connected(100);
    }
    this.#connected(connections % 100);
  }

  #connected(count: number): void {
    while (count > 0) {
      const events = this.#epoll.wait(10_000);
      if (events === 0) throw new Error("The server does not accept");
      for (let i = 0; i < events; i++) {
        const number = this.#epoll.number(i);
        if ((this.#epoll.mask(i) & FAILED) !== 0) {
          throw new Error("The server can't be connected to");
        }
        this.#epoll.change(this.#peers[number].fd, READABLE, number);
      }
      count -= events;
    }
  }

  run(): Measured {
    const { connections, inFlight, active } = this.#options;
    for (let i = 0; i < (active ?? connections); i++) {
      this.#send(this.#peers[i], active === undefined ? inFlight : 1, i);
    }
    this.#next = active ?? 0;
    this.#pump();
    this.#latencies.clear();
    this.#window.begin();
    this.#pump();
    const measured = this.#window.end(this.#latencies);
    for (const { fd } of this.#peers) close(fd);
    return measured;
  }

  #pump(): void {
    for (;;) {
      const events = this.#epoll.wait(10_000);
      if (events === 0) throw new Error("The server does not answer");
      const now = performance.now();
      if (now >= this.#window.until && this.#isWarm) return;
      for (let i = 0; i < events; i++) {
        const number = this.#epoll.number(i);
        const peer = this.#peers[number];
        const mask = this.#epoll.mask(i);
        if ((mask & FAILED) !== 0) throw new Error("A connection failed");
        if ((mask & WRITABLE) !== 0) this.#sendRest(peer, number);
        if ((mask & READABLE) !== 0) this.#receive(peer, number);
      }
    }
  }

  /** Whether each connection has been used by the time the warm-up may end. */
  get #isWarm(): boolean {
    return this.#window.open ||
      this.#window.messages >= 2 * this.#options.connections;
  }

  #receive(peer: Peer, number: number): void {
    const { active, connections } = this.#options;
    const size = this.#size;
    const count = receive(peer.fd, this.#into);
    if (count < 0) return;
    if (count === 0) throw new Error("The server closed a connection");
    if (!this.#window.open) this.#compare(peer, count);
    peer.received += count;
    if (peer.received < size) return;
    const replies = Math.floor(peer.received / size);
    peer.received -= replies * size;
    if (replies > peer.waiting) throw new Error("The server sent too much");
    this.#account(peer, replies);
    if (active === undefined) return this.#send(peer, replies, number);
    for (let i = 0; i < replies; i++) {
      // One that has its message still to come is passed over.
      while (this.#peers[this.#next].waiting > 0) {
        this.#next = (this.#next + 1) % connections;
      }
      this.#send(this.#peers[this.#next], 1, this.#next);
    }
  }

  #compare(peer: Peer, count: number): void {
    const expected = this.#answer ?? peer.messages;
    for (let i = 0; i < count; i++) {
      // All messages of a connection are alike.
      const at = (peer.received + i) % this.#size;
      if (this.#into[i] !== expected[at]) {
        throw new Error("The server's answer is not what was sent");
      }
    }
  }

  #account(peer: Peer, replies: number): void {
    const now = performance.now();
    const { sentAt } = peer;
    for (let i = 0; i < replies; i++) {
      this.#latencies.add(now - sentAt[peer.oldest]);
      peer.oldest = (peer.oldest + 1) % sentAt.length;
    }
    peer.waiting -= replies;
    this.#window.messages += replies;
  }

  #send(peer: Peer, count: number, number: number): void {
    const { sentAt, messages } = peer;
    const now = performance.now();
    for (let i = 0; i < count; i++) {
      sentAt[(peer.oldest + peer.waiting + i) % sentAt.length] = now;
    }
    peer.waiting += count;
    const { size } = this.#options;
    if (peer.unsent > 0) {
      peer.unsent += count * size;
      return;
    }
    const bytes = messages.subarray(0, count * size);
    peer.unsent = bytes.length - send(peer.fd, bytes);
    if (peer.unsent > 0) {
      this.#epoll.change(peer.fd, READABLE | WRITABLE, number);
    }
  }

  #sendRest(peer: Peer, number: number): void {
    const { messages } = peer;
    const rest = messages.subarray(messages.length - peer.unsent);
    peer.unsent -= send(peer.fd, rest);
    if (peer.unsent === 0) this.#epoll.change(peer.fd, READABLE, number);
  }
}

await runLoad((options: MessageOptions) => new MessageLoad(options).run());

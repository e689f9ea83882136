/**
 * Load: 50 sockets send a datagram each and wait until it comes back.
 *
 * @module
 */

import { Epoll, FAILED, READABLE } from "../system/epoll.ts";
import { close, connectDatagram, receive, send } from "../system/sockets.ts";
import { Latencies } from "./latencies.ts";
import {
  type LoadOptions,
  type Measured,
  runLoad,
  Window,
} from "./measured.ts";

/** What this load is told. */
export interface DatagramOptions extends LoadOptions {
  target: { port: number };
  sockets: number;
  /** Bytes of a datagram. */
  size: number;
}

function run(options: DatagramOptions): Measured {
  const { sockets, size, target } = options;
  const epoll = new Epoll();
  const into = new Uint8Array(64 * 1024);
  const peers = Array.from({ length: sockets }, (_, number) => {
    const fd = connectDatagram(target.port);
    epoll.add(fd, READABLE, number);
    // Each has its own bytes, so that a datagram to the wrong peer is noticed.
    return { fd, data: new Uint8Array(size).fill(number), sentAt: 0 };
  });
  const latencies = new Latencies();
  const window = new Window(options);
  const ask = (peer: typeof peers[number]): void => {
    peer.sentAt = performance.now();
    if (send(peer.fd, peer.data) !== size) {
      throw new Error("Cannot send a datagram");
    }
  };
  const pump = (): void => {
    for (;;) {
      const events = epoll.wait(10_000);
      if (events === 0) throw new Error("The server does not answer");
      const now = performance.now();
      if (now >= window.until) return;
      for (let i = 0; i < events; i++) {
        if ((epoll.mask(i) & FAILED) !== 0) {
          throw new Error("No server listens for datagrams");
        }
        const peer = peers[epoll.number(i)];
        const count = receive(peer.fd, into);
        if (count < 0) continue;
        if (count !== size || into[size - 1] !== peer.data[0]) {
          throw new Error("The server's answer is not what was sent");
        }
        latencies.add(now - peer.sentAt);
        window.messages++;
        ask(peer);
      }
    }
  };
  peers.forEach(ask);
  pump();
  latencies.clear();
  window.begin();
  pump();
  const measured = window.end(latencies);
  for (const { fd } of peers) close(fd);
  return measured;
}

await runLoad(run);

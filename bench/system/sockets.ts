/**
 * Sockets of the C library, without waiting.
 *
 * @module
 */

import { libc, systemError } from "./libc.ts";

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_LINGER = 13;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IP_BIND_ADDRESS_NO_PORT = 24;
const TCP_NODELAY = 1;
const MSG_NOSIGNAL = 0x4000;

/** Where a server listens. */
export type Target = { port: number } | { path: string };

const one = new Uint8Array(new Int32Array([1]).buffer);

/**
 * A stream socket that begins to connect to a server on this machine.
 *
 * @param number picks the local address: one address has ports for 28,000
 * connections only, so each 20,000 connections come from another one
 * @param receiveBuffer how many bytes the system takes that are not received; 0: as many as it likes
 */
export function connectStream(
  target: Target,
  number = 0,
  receiveBuffer = 0,
): number {
  if ("path" in target) {
    const fd = open(AF_UNIX, SOCK_STREAM);
    begin(fd, unixAddress(target.path));
    return fd;
  }
  const fd = open(AF_INET, SOCK_STREAM);
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
  if (receiveBuffer > 0) {
    const size = new Uint8Array(new Int32Array([receiveBuffer]).buffer);
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, 4);
  }
  const host = 1 + Math.floor(number / 20_000);
  if (host > 1) {
    libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, one, 4);
    const local = internetAddress(0, host);
    if (libc.bind(fd, local, local.length) !== 0) {
      throw systemError(`Cannot bind to 127.0.0.${host}`);
    }
  }
  begin(fd, internetAddress(target.port, 1));
  return fd;
}

/** A datagram socket that sends to, and hears only, one port of this machine. */
export function connectDatagram(port: number): number {
  const fd = open(AF_INET, SOCK_DGRAM);
  begin(fd, internetAddress(port, 1));
  return fd;
}

/** Sends what fits; the number of bytes, 0 when there is no room or the connection has failed. */
export function send(fd: number, bytes: Uint8Array): number {
  return Math.max(0, libc.send(fd, bytes, bytes.length, MSG_NOSIGNAL));
}

/** Receives into `into`; the number of bytes, 0 at the end of the stream, -1 when nothing has come or the connection has failed. */
export function receive(fd: number, into: Uint8Array): number {
  return libc.recv(fd, into, into.length, 0);
}

const noLinger = new Uint8Array(new Int32Array([1, 0]).buffer);

/** Closes a socket by a reset. */
export function reset(fd: number): void {
  libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, noLinger, 8);
  libc.close(fd);
}

/** Closes a socket. */
export function close(fd: number): void {
  libc.close(fd);
}

function open(family: number, type: number): number {
  const fd = libc.socket(family, type | SOCK_NONBLOCK, 0);
  if (fd < 0) throw systemError("Cannot open a socket");
  return fd;
}

/** Begins to connect. Whether that fails, epoll tells. */
function begin(fd: number, address: Uint8Array): void {
  libc.connect(fd, address, address.length);
}

function internetAddress(port: number, host: number): Uint8Array {
  const address = new Uint8Array(16);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_INET;
  address.set([port >> 8, port & 255, 127, 0, 0, host], 2);
  return address;
}

function unixAddress(path: string): Uint8Array {
  const bytes = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + bytes.length + 1);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(bytes, 2);
  return address;
}

// The life of a stream socket, state by state.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { ClosedError } from "../../src/errors/errors.ts";
import { endpointOf } from "../../src/socket/internals.ts";
import { nextState, type StreamState } from "../../src/socket/stream_state.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";

const STATES: StreamState[] = [
  "unconnected",
  "connecting",
  "open",
  "half-closed",
  "handshaking",
  "closing",
  "closed",
];

Deno.test("a socket goes from unconnected by connecting and open to closed", async () => {
  const copas = new Copas();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const skt = copas.socket.tcp();
  const endpoint = endpointOf(skt);
  assertEquals(endpoint.state, "unconnected");
  const connected = skt.connect("127.0.0.1", listener.addr.port);
  assertEquals([endpoint.state, skt.closed], ["connecting", false]);
  using _peer = await listener.accept();
  await connected;
  assertEquals([endpoint.state, skt.closed], ["open", false]);
  await skt.shutdown("send");
  assertEquals([endpoint.state, skt.closed], ["half-closed", false]);
  const closed = skt.close();
  assertEquals([endpoint.state, skt.closed], ["closing", true]);
  await closed;
  assertEquals([endpoint.state, skt.closed], ["closed", true]);
});

Deno.test("a connect that failed leaves the socket unconnected, and another may follow", async () => {
  const copas = new Copas();
  const refused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = refused.addr;
  refused.close();
  const skt = copas.socket.tcp();
  await assertRejects(() => skt.connect("127.0.0.1", port));
  assertEquals(endpointOf(skt).state, "unconnected");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await skt.connect("127.0.0.1", listener.addr.port);
  (await listener.accept()).close();
  await skt.close();
});

Deno.test("a socket is handshaking until its handshake has failed, and closed then", async () => {
  const copas = new Copas();
  using pair = await tcpPair();
  const skt = copas.wrap(pair.ours);
  const secured = skt.dohandshake({ servername: "localhost" });
  assertEquals(endpointOf(skt).state, "handshaking");
  await assertRejects(() => skt.dohandshake({}), TypeError, "under way");
  await pair.theirs.write(new TextEncoder().encode("no TLS here\r\n\r\n"));
  await assertRejects(() => secured);
  assertEquals(skt.closed, true);
  await skt.close();
  assertEquals(endpointOf(skt).state, "closed");
  await assertRejects(() => skt.receive(), ClosedError, "is closed");
});

Deno.test("closing ends every life: no event leads back", () => {
  for (const state of STATES.slice(0, -2)) {
    assertEquals(nextState(state, "close"), "closing");
  }
  assertEquals(nextState("closing", "released"), "closed");
  for (const event of ["connect", "connected", "handshake", "close"] as const) {
    assertThrows(() => nextState("closed", event), Error, "is closed");
  }
});

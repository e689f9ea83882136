/**
 * A handler that was meant for a Copas socket, and was not wrapped.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";

/** The error that `handler` ends with, given Deno's connection. */
async function errorOf(handler: unknown): Promise<Error> {
  const copas = new Copas();
  const errors: Error[] = [];
  copas.seterrorhandler((error) => errors.push(error as Error), true);
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(listener, handler as (conn: Deno.Conn) => unknown);
  await copas.loop(async () => {
    const { port } = listener.addr;
    await using skt = await copas.socket.connect("127.0.0.1", port);
    await skt.receive();
    copas.removeserver(listener);
  });
  assertEquals(errors.length, 1);
  return errors[0];
}

Deno.test("a handler that was not wrapped is told to wrap it with copas.handler", async () => {
  const handlers = [
    (skt: StreamSocket) => skt.send("hello\n"),
    async (skt: StreamSocket) => {
      for await (const line of skt) await skt.send(line);
    },
  ];
  for (const handler of handlers) {
    const { message } = await errorOf(handler);
    assertStringIncludes(message, "wrap it with copas.handler()");
  }
});

Deno.test("other errors of a raw handler stay as they are", async () => {
  const error = new TypeError("nothing is a function");
  const thrown = await errorOf(() => {
    throw error;
  });
  assertEquals(thrown, error);
});

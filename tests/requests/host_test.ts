// What a module of requests is given in place of a dispatcher.

import { assertThrows } from "@std/assert";
import { createServer } from "node:http";
import { Copas } from "../../mod.ts";
import { ftpFor } from "../../src/ftp/mod.ts";
import { httpFor } from "../../src/http/mod.ts";
import { agent, listener } from "../../src/node/mod.ts";
import { smtpFor } from "../../src/smtp/mod.ts";

Deno.test("what is no dispatcher is refused at once, and not by the first request", () => {
  const calls: [string, (host: never) => unknown][] = [
    ["httpFor", httpFor],
    ["ftpFor", ftpFor],
    ["smtpFor", smtpFor],
    ["agent", agent],
    ["listener", (host) => listener(host, createServer())],
  ];
  for (const [name, call] of calls) {
    for (const wrong of [undefined, null, {}, { keepalive: 3 }]) {
      assertThrows(
        () => call(wrong as never),
        TypeError,
        `${name}(): the dispatcher must be a Copas, or a view of one, got`,
      );
    }
    call(new Copas().scoped({ net: [] }) as never);
  }
});

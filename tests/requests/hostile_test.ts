// Whatever a server says, and wherever it stops: only the request ends.

import { assert, assertEquals } from "@std/assert";
import { Authority, hasOpenssl } from "../fixtures/certificates.ts";
import { runProgram } from "../fixtures/socket_child.ts";
import { randomly } from "../fixtures/seeded_random.ts";

Deno.test({
  name:
    "no bytes, cuts, resets and stalls of a server end anything but its request",
  ignore: !hasOpenssl,
  fn: async () => {
    const authority = await Authority.make();
    const names = "DNS:localhost,IP:127.0.0.1";
    const certified = await authority.issue({ cn: "localhost", names });
    const given = JSON.stringify({ certified, caCerts: [authority.cert] });
    const main = new URL("../fixtures/requests_fuzz_main.ts", import.meta.url);
    await randomly(async ({ seed }) => {
      const { code, stdout, stderr } = await runProgram([
        ...[Deno.execPath(), "run", "--allow-all", "--unstable-net", "--quiet"],
        ...[main.pathname, String(seed), "500", given],
      ]);
      assertEquals(stderr, "");
      assertEquals(code, 0);
      assert(stdout.endsWith("alive\n"), stdout);
    });
  },
});

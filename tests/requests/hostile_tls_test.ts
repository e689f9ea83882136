// FTPS and STARTTLS: whatever a server says in the clear or within TLS, and
// wherever it stops, only the request ends.

import { assert, assertEquals } from "@std/assert";
import { Authority, hasOpenssl } from "../fixtures/certificates.ts";
import { runProgram } from "../fixtures/socket_child.ts";
import { randomly } from "../fixtures/seeded_random.ts";

Deno.test({
  name:
    "no bytes, cuts and stalls of a server of FTPS or of mail with STARTTLS end anything but its request",
  ignore: !hasOpenssl,
  fn: async () => {
    const authority = await Authority.make();
    const names = "DNS:localhost,IP:127.0.0.1";
    const certified = await authority.issue({ cn: "localhost", names });
    const given = JSON.stringify({ certified, caCerts: [authority.cert] });
    const main = new URL(
      "../fixtures/tls_requests_fuzz_main.ts",
      import.meta.url,
    );
    await randomly(async ({ seed }) => {
      const { code, stdout, stderr } = await runProgram([
        ...[Deno.execPath(), "run", "--allow-all", "--unstable-net", "--quiet"],
        ...[main.pathname, String(seed), "210", given],
      ]);
      assertEquals(stderr, "");
      assertEquals(code, 0);
      assert(stdout.endsWith("alive\n"), stdout);
      // They are no servers that refuse everything.
      assert(/"[0-3] ok"/.test(stdout) && /"[45] ok"/.test(stdout), stdout);
    });
  },
});

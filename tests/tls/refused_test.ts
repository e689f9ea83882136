/**
 * Servers that a client refuses, whichever engine does its TLS, and what the
 * error says.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import type { SslParams } from "../../src/tls/params.ts";
import {
  type Certificates,
  clients,
  servers,
  tlsTest,
  World,
} from "../fixtures/tls_world.ts";
import type { Certified } from "../fixtures/certificates.ts";

for (const [who, own] of clients) {
  /** The client must refuse a server with that certificate. */
  const refuses = (
    what: string,
    make: (pki: Certificates) => Promise<Certified>,
    params: (pki: Certificates) => SslParams,
    reason: RegExp,
  ) =>
    tlsTest(`${who} refuses ${what}`, async (pki) => {
      const certified = await make(pki);
      for (const kind of servers) {
        const world = new World();
        let ran = 0;
        const port = world[kind](certified, () => ran++);
        await world.run(async () => {
          const skt = world.client({ ...params(pki), ...own(pki) });
          const error = await assertRejects(
            () => skt.connect("localhost", port),
            HandshakeError,
            `Cannot establish TLS with localhost:${port}: `,
          );
          assert(reason.test(error.message), error.message);
          assertInstanceOf(error.cause, Error);
          // Nothing can be sent by mistake: there is no connection any more.
          await assertRejects(() => skt.send("x"), Error, "not connected");
          // And the socket can be used for another one.
          await assertRejects(
            () => skt.connect("localhost", port),
            HandshakeError,
          );
        });
        assertEquals(ran, 0);
      }
    });

  refuses(
    "an authority that it does not know",
    (pki) => Promise.resolve(pki.localhost),
    () => ({}),
    /not from an authority that is trusted; give that authority's in caCerts/,
  );
  refuses(
    "another name",
    (pki) => Promise.resolve(pki.localhost),
    (pki) => ({ ...pki.trust, servername: "other.example" }),
    /for another name;.*other\.example/,
  );
  refuses(
    "another address",
    (pki) => Promise.resolve(pki.localhost),
    (pki) => ({ ...pki.trust, servername: "127.0.0.2" }),
    /for another name/,
  );
  refuses(
    "a certificate that has expired",
    (pki) =>
      pki.authority.issue({
        cn: "localhost",
        names: "DNS:localhost",
        days: -1,
      }),
    (pki) => pki.trust,
    /has expired/,
  );
  refuses(
    "a certificate that is not valid yet",
    (pki) =>
      pki.authority.issue({
        cn: "localhost",
        names: "DNS:localhost",
        isForLater: true,
      }),
    (pki) => pki.trust,
    /is not valid yet(: the peer needs another one, or a clock is wrong|, or its)/,
  );
  refuses(
    "a certificate for a client's use",
    (pki) =>
      pki.authority.issue({
        cn: "localhost",
        names: "DNS:localhost",
        usage: "clientAuth",
      }),
    (pki) => pki.trust,
    /extendedKeyUsage (must allow serverAuth|does not allow this use)/,
  );
  refuses(
    "a certificate for an address only, though its subject has the name",
    (pki) => pki.authority.issue({ cn: "localhost", names: "IP:127.0.0.1" }),
    (pki) => pki.trust,
    /for another name; connect by a name that it has/,
  );
  refuses(
    "authorities that can't be read",
    (pki) => Promise.resolve(pki.localhost),
    (pki) => ({ caCerts: [pki.authority.cert.replace(/(?<=-\n)..../, "")] }),
    /a certificate (in sslparams is of no use|can't be read)/,
  );
  refuses(
    "a certificate with a name only in its subject",
    (pki) => pki.authority.issue({ cn: "localhost" }),
    (pki) => pki.trust,
    /for another name/,
  );
  refuses(
    "a certificate that vouches for itself",
    (pki) => Promise.resolve(pki.mallory),
    (pki) => ({ ...pki.trust, servername: "mallory" }),
    /not from an authority|not valid for any names/,
  );
}

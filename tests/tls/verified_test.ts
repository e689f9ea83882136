import { assertEquals } from "@std/assert";
import type { PeerCertificate } from "../../src/tls/session.ts";
import { VerifiedCertificates } from "../../src/tls/verified.ts";

const HOUR = 60 * 60 * 1000;
const FAR = new Date(1000 * HOUR);

function certificate(fingerprint256: string, validto = FAR): PeerCertificate {
  return { fingerprint256, validto } as PeerCertificate;
}

Deno.test("a verification counts for that certificate and that trust only", () => {
  const verified = new VerifiedCertificates();
  verified.add("trust", certificate("AA"), 0);
  assertEquals(verified.has("trust", certificate("AA"), 0), true);
  assertEquals(verified.has("trust", certificate("BB"), 0), false);
  assertEquals(verified.has("other", certificate("AA"), 0), false);
});

Deno.test("a verification counts for 12 hours", () => {
  const verified = new VerifiedCertificates();
  const alice = certificate("AA");
  verified.add("trust", alice, 0);
  assertEquals(verified.has("trust", alice, 12 * HOUR - 1), true);
  assertEquals(verified.has("trust", alice, 12 * HOUR), false);
  verified.add("trust", alice, 12 * HOUR);
  assertEquals(verified.has("trust", alice, 23 * HOUR), true);
});

Deno.test("a verification counts no longer than the certificate is valid", () => {
  const verified = new VerifiedCertificates();
  const alice = certificate("AA", new Date(HOUR));
  verified.add("trust", alice, 0);
  assertEquals(verified.has("trust", alice, HOUR - 1), true);
  assertEquals(verified.has("trust", alice, HOUR), false);
  const unreadable = certificate("BB", new Date("not a date"));
  verified.add("trust", unreadable, 0);
  assertEquals(verified.has("trust", unreadable, 0), false);
});

Deno.test("the newest verifications are kept", () => {
  const verified = new VerifiedCertificates(2);
  for (const name of ["AA", "BB", "AA", "CC"]) {
    verified.add("trust", certificate(name), 0);
  }
  const kept = ["AA", "BB", "CC"].filter((name) =>
    verified.has("trust", certificate(name), 0)
  );
  assertEquals(kept, ["AA", "CC"]);
});

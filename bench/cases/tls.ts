/**
 * Line echo over TLS: 50 connections, 64 bytes, one in flight on each.
 *
 * @module
 */

import { type Case, LeftOut, type Sample } from "../case.ts";
import { type ContenderName, succeeds } from "../contenders.ts";
import type { Measured } from "../load/measured.ts";
import { runLoad, withServer } from "../processes.ts";
import { costs } from "./messages.ts";

/** The case. */
export const tls: Case<ContenderName> = {
  name: "tls",
  title: "TLS echo",
  experiments: () => [{
    name: "tls",
    title: "line echo over TLS, 50 connections, 64 bytes, one in flight",
    contenders: ["ours", "hand", "bare", "node_deno", "node"],
    titles: { node_deno: "node:tls on Deno", node: "node:tls on Node" },
    decides: "cost",
    goals: [{
      text: "lines a second, to hand-written Deno",
      metric: "rate",
      against: { contender: "hand" },
      least: 0.9,
    }, {
      text: "processor time of a line, to the bare loop",
      metric: "cost",
      against: { contender: "bare" },
      most: 1.05,
    }],
    measure: (contender, { seconds, warmUp }) =>
      withCertificate((cert, key) =>
        withServer(contender, ["tls", cert, key], async (server) => {
          const load = await runLoad<Measured>("tls_lines", {
            ...server,
            seconds,
            warmUp,
            connections: 50,
            size: 64,
            cert,
          });
          return costs(load);
        })
      ),
  }],
};

/** Runs `use` with the files of a certificate for localhost and of its key. */
async function withCertificate(
  use: (cert: string, key: string) => Promise<Sample>,
): Promise<Sample> {
  const folder = await Deno.makeTempDir({ prefix: "copas_bench_" });
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  try {
    const made = await succeeds([
      ...["openssl", "req", "-x509", "-nodes", "-days", "2"],
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", key, "-out", cert],
    ]);
    if (!made) throw new LeftOut("openssl can't make a certificate here");
    return await use(cert, key);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

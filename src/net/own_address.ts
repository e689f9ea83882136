/**
 * The addresses of this machine: one may look public, and still lead to what
 * listens here and trusts its own machine.
 *
 * @module
 */

import { type Ip, parseIp } from "./ip.ts";

/**
 * Tells whether an address is one of this machine's interfaces. That is known
 * only where Deno grants `--allow-sys=networkInterfaces`, and is asked anew each
 * time, because addresses come and go. Never asks the user.
 *
 * @returns `false` as well where it is not known
 */
export function isOwnAddress(ip: Ip): boolean {
  const { state } = Deno.permissions.querySync({
    name: "sys",
    kind: "networkInterfaces",
  });
  if (state !== "granted") return false;
  return Deno.networkInterfaces().some(({ address }) => {
    const own = parseIp(address);
    return own?.bits === ip.bits && own.value === ip.value;
  });
}

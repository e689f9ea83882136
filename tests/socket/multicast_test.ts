/**
 * Multicast and broadcast, as far as Deno has them.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { turn } from "../fixtures/event_loop.ts";
import { isInstalled, runProgram } from "../fixtures/socket_child.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { text } from "../fixtures/socket_script.ts";

const group = { multiaddr: "224.0.0.251", interface: "127.0.0.1" };

/** Sends to the group by way of the loopback, which Deno can't choose. */
const SENDER = `
import socket, sys
skt = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
skt.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
skt.sendto(b"to all", ("224.0.0.251", int(sys.argv[1])))
`;

Deno.test({
  name: "a socket hears a group from joining it to leaving it",
  ignore: Deno.build.os !== "linux" || !await isInstalled("python3"),
  async fn() {
    const copas = new Copas();
    using skt = copas.socket.udp();
    skt.setsockname("*", 0);
    const port = String(skt.getsockname()[1]);
    const send = () => copas.wait(runProgram(["python3", "-c", SENDER, port]));
    await copas.loop(async () => {
      await skt.setoption("ip-add-membership", group);
      await skt.setoption("ip-multicast-loop", true);
      await skt.setoption("ip-multicast-ttl", 1);
      await send();
      // The datagram is there when its sender has ended: it is lost if turns of
      // the event loop, in which Deno asks the system again and again, bring nothing.
      const lost = new AbortController();
      copas.addthread(async () => {
        for (let i = 0; i < 1000; i++) await copas.wait(turn());
        lost.abort();
      });
      const { signal } = lost;
      assertEquals(text(await skt.receive(10, { signal })), "to all");
      await assertRejects(
        () => skt.setoption("ip-add-membership", group),
        TypeError,
        "has joined 224.0.0.251 already",
      );
      await skt.setoption("ip-drop-membership", group);
      await assertRejects(
        () => skt.setoption("ip-drop-membership", group),
        TypeError,
        "has not joined 224.0.0.251",
      );
    });
  },
});

const group6 = { multiaddr: "ff02::fb", interface: 1 };

/** The same to the IPv6 group, by way of the interface 1, which is the loopback on Linux. */
const SENDER6 = `
import socket, sys
skt = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
skt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, 1)
skt.sendto(b"to all", ("ff02::fb", int(sys.argv[1]), 0, 1))
`;

const hasIpv6 = Deno.networkInterfaces()
  .some(({ address }) => address === "::1");

/** Many machines, and most containers, have no way for IPv6 multicasts on the loopback. */
async function canSendToGroup6(): Promise<boolean> {
  if (!hasIpv6 || !await isInstalled("python3")) return false;
  const python = new Deno.Command("python3", {
    args: ["-c", SENDER6, "9"],
    stderr: "null",
  });
  return (await python.output()).success;
}

Deno.test({
  name: "a socket joins and leaves an IPv6 group; it has no hop limit",
  ignore: Deno.build.os !== "linux" || !hasIpv6,
  async fn() {
    const copas = dispatcher();
    using skt = copas.socket.udp();
    skt.setsockname("::", 0);
    await skt.setoption("ipv6-add-membership", group6);
    await skt.setoption("ip-multicast-loop", true);
    await assertRejects(
      () => skt.setoption("ip-multicast-ttl", 1),
      Deno.errors.NotSupported,
      "no hop limit for the multicasts of IPv6",
    );
    await assertRejects(
      () => skt.setoption("ipv6-add-membership", group6),
      TypeError,
      "has joined ff02::fb already",
    );
    await skt.setoption("ipv6-drop-membership", group6);
    await assertRejects(
      () => skt.setoption("ipv6-drop-membership", group6),
      TypeError,
      "has not joined ff02::fb",
    );
  },
});

Deno.test({
  name: "a socket hears an IPv6 group that it has joined",
  ignore: Deno.build.os !== "linux" || !await canSendToGroup6(),
  async fn() {
    const copas = new Copas();
    using skt = copas.socket.udp();
    skt.setsockname("::", 0);
    const port = String(skt.getsockname()[1]);
    await copas.loop(async () => {
      await skt.setoption("ipv6-add-membership", group6);
      await copas.wait(runProgram(["python3", "-c", SENDER6, port]));
      const lost = new AbortController();
      copas.addthread(async () => {
        for (let i = 0; i < 1000; i++) await copas.wait(turn());
        lost.abort();
      });
      const { signal } = lost;
      assertEquals(text(await skt.receive(10, { signal })), "to all");
    });
  },
});

Deno.test("what Deno lacks is an error that says so", async () => {
  const copas = dispatcher();
  using skt = copas.socket.udp();
  skt.setsockname("127.0.0.1", 0);
  await skt.setoption("broadcast", true);
  await assertRejects(
    () => skt.setoption("broadcast", false),
    Deno.errors.NotSupported,
    "a datagram socket of Deno can't forbid broadcasts",
  );
  await assertRejects(
    () => skt.setoption("ip-multicast-ttl", 1),
    Deno.errors.NotSupported,
    "only on a socket that has joined a group",
  );
  await assertRejects(
    () => skt.setoption("reuseport" as "broadcast", true),
    Deno.errors.NotSupported,
    'has no option "reuseport"; it has broadcast, ip-add-membership',
  );
});

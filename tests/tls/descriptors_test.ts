/**
 * TLS when the process has no descriptor left.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { isInstalled, runScript } from "../fixtures/socket_child.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

tlsTest(
  "the first handshake with no descriptor left does not end the process",
  async (pki) => {
    const { code, stdout, stderr } = await runScript(
      `import copas from "{mod}";
       copas.seterrorhandler(() => {}, true);
       const listener = copas.socket.bind("127.0.0.1", 0);
       copas.addserver(listener, copas.handler(async (skt) => {
         await skt.send("hello\\n");
         copas.removeserver(listener);
       }, ${JSON.stringify(pki.localhost)}));
       // The engine is being loaded. Nothing tells when it is, but Deno loads in
       // order: what is asked for afterwards, one after the other, comes later.
       await import("{src}/tls/node_stream.ts");
       await import("{src}/tls/contexts.ts");
       await import("{src}/ftp/mod.ts");
       await import("{src}/smtp/mod.ts");
       await import("{src}/http/mod.ts");
       const conn = await Deno.connect({ port: listener.addr.port });
       const others = [];
       try {
         for (;;) others.push(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
       } catch (error) {
         console.log("full:", error.message);
       }
       // One for the server's end of the connection.
       others.pop().close();
       const loop = copas.loop();
       const options = { hostname: "localhost", ...${
        JSON.stringify(pki.trust)
      } };
       const client = await Deno.startTls(conn, options);
       const into = new Uint8Array(6);
       const count = await client.read(into);
       console.log("answer:", new TextDecoder().decode(into.subarray(0, count)));
       client.close();
       await loop;
       for (const other of others) other.close();`,
      ["--allow-net"],
      { prefix: ["bash", "-c", 'ulimit -n 64 && exec "$@"', "bash"] },
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^full: Too many open files/);
    assertMatch(stdout, /\nanswer: hello\n/);
  },
  { needs: Deno.build.os === "linux" && await isInstalled("bash") },
);

// What the compiler says of a handler that `addserver` can't use: its first line
// is about the handler, and not about some other way to call `addserver`.

import { assert, assertEquals } from "@std/assert";

const MOD = new URL("../../mod.ts", import.meta.url).href;

const BEGIN = `
import copas, { type DatagramSocket, type StreamSocket } from "${MOD}";
const tcp = copas.socket.bind("127.0.0.1", 0);
const udp = copas.socket.udp();
`;

/** What `deno check` says of each piece of code. All of them in one process: most of its time is for the types of Deno. */
async function errorsOf(code: string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const files = code.map((_, i) => `${folder}/snippet_${i}.ts`);
    for (const [i, file] of files.entries()) {
      await Deno.writeTextFile(file, BEGIN + code[i]);
    }
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--no-config", "--no-lock", "--quiet", ...files],
      env: { NO_COLOR: "1" },
    }).output();
    const errors = new TextDecoder().decode(stderr).split("\n\n");
    return code.map((_, i) =>
      errors.filter((error) => error.includes(`/snippet_${i}.ts:`)).join("\n")
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const wrong: [what: string, code: string, first: string, hint: string][] = [
  [
    "a handler for a Copas socket that was not wrapped",
    "copas.addserver(tcp, async (skt: StreamSocket) => { await skt.send('x'); });",
    "Argument of type '(skt: StreamSocket) => Promise<void>' is not assignable to parameter of type '(conn: Conn<Addr>) => unknown'.",
    "from type 'StreamSocket'",
  ],
  [
    "a handler that uses the connection as a Copas socket",
    "copas.addserver(tcp, async (skt) => { await skt.send('x'); });",
    "Property 'send' does not exist on type 'Conn<Addr>'.",
    "skt.send",
  ],
  [
    "a handler of datagrams for connections",
    "copas.addserver(tcp, copas.handler((skt: DatagramSocket) => skt.receive()));",
    "Argument of type '(conn: DatagramConn) => unknown' is not assignable to parameter of type '(conn: Conn<Addr>) => unknown'.",
    "from type 'DatagramConn'",
  ],
  [
    "a handler of connections for datagrams",
    "copas.addserver(udp, copas.handler((skt: StreamSocket) => skt.receive()));",
    "Argument of type '(conn: Conn<Addr>) => unknown' is not assignable to parameter of type '(conn: DatagramConn) => unknown'.",
    "from type 'Conn<Addr>'",
  ],
  [
    "an unknown key of sslparams",
    "copas.addserver(tcp, copas.handler((skt) => skt.send('x'), { certificate: 'x' }));",
    "'certificate' does not exist in type 'SslParams | SslParamsSource'.",
    "certificate",
  ],
  [
    "a key of sslparams of the wrong type",
    "copas.addserver(tcp, copas.handler((skt) => skt.send('x'), { cert: 5 }));",
    "Type 'number' is not assignable to type 'string'.",
    "cert: 5",
  ],
  [
    "an unknown option",
    "copas.addserver(tcp, copas.handler((skt) => skt.send('x')), { timout: 3 });",
    "'timout' does not exist in type 'ServerOptions'.",
    "timout",
  ],
];

const right = `
copas.addserver(tcp, copas.handler((skt) => skt.send("x")), { timeout: 3 }, "n");
copas.addserver(tcp, copas.handler((skt: StreamSocket) => skt.send("x")), 3);
copas.addserver(tcp, async (conn) => { await copas.send(conn, "x"); });
copas.addserver(tcp, (conn: Deno.Conn) => copas.receive(conn));
copas.addserver(Deno.listenTls({ port: 0, cert: "", key: "" }), (conn) => copas.receive(conn));
copas.addserver(udp, copas.handler((skt: DatagramSocket) => skt.receive()));
copas.addserver(udp, async (conn) => { await copas.receivefrom(conn); });
copas.addserver(udp, (conn: Deno.DatagramConn) => copas.receivefrom(conn), 5);
const either: Deno.Listener | DatagramSocket = Math.random() < 2 ? tcp : udp;
copas.addserver(either, () => {});
`;

Deno.test("the compiler's error about a server is about the argument that is wrong", async (t) => {
  const errors = await errorsOf([right, ...wrong.map(([, code]) => code)]);
  assertEquals(errors.shift(), "");
  for (const [i, [what, , first, hint]] of wrong.entries()) {
    await t.step(what, () => {
      const error = errors[i];
      assert(error.split("\n")[0].includes(first), error);
      assert(error.includes(hint), error);
      assert(!error.includes("overload"), error);
    });
  }
});

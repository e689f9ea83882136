// The architecture as a test: the tree is held against the table of floors in
// CONTRIBUTING.md, which stands nowhere else, and the documentation that users
// see against the contract.

import { assertEquals } from "@std/assert";
import copas, { Copas, DatagramSocket, StreamSocket } from "../mod.ts";
import { type Member, readDocs } from "../tools/doc_json.ts";
import { importsOf } from "../tools/source_imports.ts";

const root = new URL("../", import.meta.url);

/** The only file that may be longer than the others. */
/** Their length is that of their documentation: each method has a few lines. */
const faces = ["src/copas/copas.ts", "src/socket/stream_socket.ts"];
const longestFile = 350;

/** Every source of the library: what it imports of the library, and its length. */
interface Source {
  imports: string[];
  lines: number;
}

const paths = ["mod.ts", ...sourcePaths("src/")];
const sources = new Map<string, Source>(
  paths.map((path) => [path, readSource(path)]),
);
const floors = readFloors();

function sourcePaths(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry) =>
    entry.isDirectory
      ? sourcePaths(`${folder}${entry.name}/`)
      : entry.name.endsWith(".ts")
      ? [`${folder}${entry.name}`]
      : []
  ).sort();
}

function readSource(path: string): Source {
  const text = Deno.readTextFileSync(new URL(path, root));
  const imports = importsOf(text)
    // What is no module of TypeScript is imported as text.
    .filter((specifier) => /^\.\.?\/.*\.ts$/.test(specifier))
    .map((specifier) => new URL(specifier, new URL(path, root)).href)
    .map((url) => url.slice(root.href.length));
  return { imports, lines: text.split("\n").length - 1 };
}

/** The table of CONTRIBUTING.md: the floor of each folder, and of `mod.ts`. */
function readFloors(): Map<string, number> {
  const text = Deno.readTextFileSync(new URL("CONTRIBUTING.md", root));
  const rows = text.matchAll(/^\| (\d+) +\| `(mod\.ts|src\/\w+\/)` +\|/gm);
  return new Map([...rows].map(([, floor, where]) => [where, Number(floor)]));
}

/** `src/core/` of `src/core/wait.ts`; `mod.ts` is a room of its own. */
function roomOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1) || path;
}

Deno.test("every folder of the library is in the table of CONTRIBUTING.md, and no file lies loose", () => {
  assertEquals(
    [...new Set(paths.map(roomOf))].sort(),
    [
      ...floors.keys(),
    ].sort(),
  );
});

Deno.test("every import within the library leads to a file of it", () => {
  const missing = [...sources].flatMap(([path, { imports }]) =>
    imports.filter((target) => !sources.has(target))
      .map((target) => `${path} imports ${target}`)
  );
  assertEquals(missing, []);
});

Deno.test("a file imports from its own folder or from a lower floor", () => {
  const wrong = [...sources].flatMap(([path, { imports }]) =>
    imports.filter((target) => {
      const [from, to] = [roomOf(path), roomOf(target)];
      return from !== to && !(floors.get(to)! < floors.get(from)!);
    }).map((target) =>
      `${path} (floor ${floors.get(roomOf(path))}) imports ` +
      `${target} (floor ${floors.get(roomOf(target))})`
    )
  );
  assertEquals(wrong, []);
});

Deno.test("files don't import one another in a circle, nor do folders", () => {
  const files = new Map(
    [...sources].map(([path, { imports }]) => [path, new Set(imports)]),
  );
  const folders = new Map<string, Set<string>>();
  for (const [path, { imports }] of sources) {
    const targets = folders.get(roomOf(path)) ?? new Set();
    for (const target of imports.map(roomOf)) {
      if (target !== roomOf(path)) targets.add(target);
    }
    folders.set(roomOf(path), targets);
  }
  assertEquals([...circles(files), ...circles(folders)], []);
});

/** The sets of nodes that reach one another: Tarjan's algorithm. */
function circles(graph: Map<string, Set<string>>): string[] {
  const found: string[] = [];
  const indices = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const visit = (node: string): void => {
    indices.set(node, indices.size);
    lowest.set(node, indices.get(node)!);
    path.push(node);
    for (const target of graph.get(node) ?? []) {
      if (!indices.has(target)) visit(target);
      if (path.includes(target)) {
        lowest.set(node, Math.min(lowest.get(node)!, lowest.get(target)!));
      }
    }
    if (lowest.get(node) !== indices.get(node)) return;
    const circle = path.splice(path.indexOf(node));
    if (circle.length > 1 || graph.get(node)?.has(node)) {
      found.push(circle.sort().join(" <-> "));
    }
  };
  for (const node of graph.keys()) if (!indices.has(node)) visit(node);
  return found.sort();
}

Deno.test("a circle is found, of two, of many and of one", () => {
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([node, to]) => [node, new Set(to)]));
  assertEquals(circles(graph({ a: ["b", "c"], b: ["c"], c: [] })), []);
  assertEquals(
    circles(graph({ a: ["b"], b: ["c", "a"], c: ["d"], d: ["e"], e: ["c"] })),
    ["a <-> b", "c <-> d <-> e"],
  );
  assertEquals(circles(graph({ a: ["a"] })), ["a"]);
});

Deno.test("no file but the two faces is longer than 350 lines", () => {
  const long = [...sources].filter(([path, { lines }]) =>
    !faces.includes(path) && lines > longestFile
  ).map(([path, { lines }]) => `${path}: ${lines}`);
  assertEquals(long, []);
});

/** The members that the contract of the API names. */
const members = {
  Copas: `
    addserver removeserver addworkers handler scoped netaccess
    addthread addnamedthread removethread
    loop step finished running exit exiting waitforexit cancelall status
    gettime autoclose
    sleep pause pauseforever wakeup timeout wait race protect
    seterrorhandler geterrorhandler gettraceback
    setthreadname getthreadname setsocketname getsocketname debug
    wrap receive receivepartial receivefrom send sendto connect close
    dohandshake settimeout settimeouts flush
    socket timer lock semaphore queue future limiter pool relay`,
  StreamSocket: `
    receive receivepartial send flush connect dohandshake close shutdown
    settimeout settimeouts getpeername getsockname getstats setoption
    getalpn getsniname getpeercertificate readable writable name closed
    receiveuntil lines receiveframe sendframe peek abort getproxyname
    [Symbol.asyncIterator] [Symbol.dispose] [Symbol.asyncDispose]`,
  DatagramSocket: `
    receive receivefrom sendto send setpeername setsockname getsockname
    getpeername settimeout close name closed
    [Symbol.dispose] [Symbol.asyncDispose]`,
};

function membersOf(name: keyof typeof members): string[] {
  return members[name].trim().split(/\s+/);
}

Deno.test("the face and the sockets have the members of the contract", () => {
  const stream = copas.socket.tcp();
  const datagram = copas.socket.udp();
  try {
    assertEquals(lacking("Copas", copas), []);
    assertEquals(lacking("StreamSocket", stream), []);
    assertEquals(lacking("DatagramSocket", datagram), []);
  } finally {
    stream.close();
    datagram.close();
  }
  assertEquals(copas instanceof Copas, true);
  assertEquals(stream instanceof StreamSocket, true);
  assertEquals(datagram instanceof DatagramSocket, true);
});

function lacking(name: keyof typeof members, object: object): string[] {
  return membersOf(name).filter((member) => {
    const key = /^\[Symbol\.(\w+)\]$/.exec(member)?.[1];
    return !((key ? Symbol[key as "dispose"] : member) in object);
  });
}

const entries = Object.values(await readDocs());
const declarations = entries.flatMap(({ symbols }) =>
  symbols.flatMap(({ name, declarations }) =>
    declarations.map((declaration) => ({ name, ...declaration }))
  )
);

Deno.test("the documentation shows each member on its own class", () => {
  for (const name of Object.keys(members) as (keyof typeof members)[]) {
    const shown = declarations.filter((each) =>
      each.kind === "class" && each.name === name
    ).flatMap(({ def }) => [...def?.properties ?? [], ...def?.methods ?? []])
      .map((member) => member.name);
    assertEquals(
      membersOf(name).filter((member) => !shown.includes(member)),
      [],
      `deno doc does not show these on ${name} itself`,
    );
  }
});

Deno.test("the documentation shows nothing that is internal", () => {
  const internal = declarations.flatMap(({ name, ...declaration }) => {
    const { constructors, properties, methods } = declaration.def ?? {};
    const shown = [constructors, properties, methods].flatMap((each) =>
      each ?? []
    ).filter(isInternal).map((member) => `${name}.${member.name}`);
    const tagged = declaration.declarationKind !== "export" ||
      hasTag(declaration.jsDoc, "internal");
    return tagged ? [name, ...shown] : shown;
  });
  assertEquals([...new Set(internal)], []);
});

Deno.test("a class in the documentation extends only what is documented, too", () => {
  const known = new Set(declarations.map(({ name }) => name));
  const classes = declarations.filter(({ kind }) => kind === "class");
  const hidden = classes.filter(({ def }) => {
    const base = def?.extends;
    return typeof base === "string" && base !== "Error" && !known.has(base);
  }).map(({ name, def }) => `${name} extends ${def?.extends}`);
  assertEquals(hidden, []);
});

function isInternal(member: Member): boolean {
  return member.accessibility === "protected" ||
    member.accessibility === "private" ||
    member.name.startsWith("_") ||
    // A key that is a symbol of the library's own.
    /^\[(?!Symbol\.)/.test(member.name) ||
    hasTag(member.jsDoc, "internal");
}

function hasTag(comment: Member["jsDoc"], kind: string): boolean {
  return (comment?.tags ?? []).some((tag) => tag.kind === kind);
}

Deno.test("every file that docs/design.md names is there", () => {
  const text = Deno.readTextFileSync(new URL("docs/design.md", root));
  const named = [...text.matchAll(/`(src\/[\w/]+\.ts)`/g)].map(([, path]) =>
    path
  );
  assertEquals(named.filter((path) => !sources.has(path)), []);
});

// Runs an example with the very flags that its first comment gives.
//
//   deno task example              the echo server
//   deno task example NAME ...     another one, with its arguments
//   deno task example --list       what there is
//   deno task example --help       this

import { root, runDeno } from "./deno_process.ts";

/** What the first comment of an example says. */
interface Example {
  name: string;
  summary: string;
  /** Deno's arguments before the file name. */
  flags: string[];
  /** The example's own arguments, for when none are given. */
  args: string[];
  /** The port on which it listens unless its first argument says another one. */
  port?: string;
}

const folder = new URL("examples/", root);

/** Where an example that listens says its port. */
const listensOn =
  /(?:bind\("127\.0\.0\.1", |port: )Number\(Deno\.args\[0\] \?\? (\d+)\)/;

const usage = `Runs an example with the flags that its first comment gives.

  deno task example              the echo server
  deno task example NAME ...     another one, with its arguments
  deno task example NAME 8081    a server, on another port
  deno task example --list       what there is
  deno task example --help       this`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const [name = "echo_server", ...rest] = args;
  if (name === "--help" || name === "-h") {
    console.log(usage);
    return 0;
  }
  const names = await exampleNames();
  if (name === "--list") {
    const width = Math.max(0, ...names.map((name) => name.length));
    for (const each of names) {
      const { summary } = await readExample(each);
      console.log(`${each.padEnd(width)}  ${summary}`);
    }
    return 0;
  }
  if (!names.includes(name)) {
    console.error(
      `No example is called ${name}; there are: ${names.join(", ")}`,
    );
    return 1;
  }
  const example = await readExample(name);
  const given = rest.length > 0 ? rest : example.args;
  const { port } = example;
  if (port === undefined) return await run(example, given);
  const other = /^\d+$/.test(given[0] ?? "") ? given[0] : port;
  if (isTaken(Number(other))) {
    console.error(
      `Port ${other} of 127.0.0.1 is in use. Give another one: ` +
        `deno task example ${name} ${Number(other) + 1}`,
    );
    return 1;
  }
  const flags = example.flags.map((flag) =>
    flag.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${other}`)
  );
  return await run({ ...example, flags }, given);
}

/** Runs an example; resolves to its exit code. */
function run({ name, flags }: Example, args: string[]): Promise<number> {
  return runDeno(["run", ...flags, `examples/${name}.ts`, ...args]);
}

/** Whether another program listens on a port of 127.0.0.1. */
function isTaken(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  }
}

async function exampleNames(): Promise<string[]> {
  const names: string[] = [];
  for (const inside of ["", "frames/"]) {
    for await (const { name } of Deno.readDir(new URL(inside, folder))) {
      if (name.endsWith(".ts")) {
        names.push(inside + name.slice(0, -".ts".length));
      }
    }
  }
  return names.sort();
}

async function readExample(name: string): Promise<Example> {
  const text = await Deno.readTextFile(new URL(`${name}.ts`, folder));
  const comment = /^(?:\/\/.*\r?\n)+/.exec(text)?.[0] ?? "";
  const [first = ""] = comment.split("\n");
  const run = /^\/\/ Run:\s+deno run (.*)$/m.exec(comment)?.[1];
  const words = run?.trim().split(/\s+/) ?? [];
  const at = words.indexOf(`examples/${name}.ts`);
  if (at < 0) {
    throw new Error(
      `examples/${name}.ts does not say how it is run; its first comment needs a line ` +
        `"// Run: deno run FLAGS examples/${name}.ts"`,
    );
  }
  return {
    name,
    summary: first.replace(/^\/\/\s*/, "").trim(),
    flags: words.slice(0, at),
    args: words.slice(at + 1),
    port: listensOn.exec(text)?.[1],
  };
}

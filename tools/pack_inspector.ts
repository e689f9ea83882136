// Packs the inspector's page into `src/inspector/page_files.ts`, and with
// `--libraries` what it takes from npm into `src/inspector/page_libraries.ts`.
//
// They could be text imports; but the registry where this package is published
// takes a package with text imports only since lately, if at all, and a program
// that imports the inspector should not have to ask npm's. So they are packed.

import { root } from "./deno_process.ts";

/** A file of the page. */
interface PageFile {
  type: string;
  text: string;
}

const SOURCES = "src/inspector/page/";
const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** What is taken from npm, under which address the page finds it, and the file of the package. */
const LIBRARIES = [
  ["/uplot.js", "uplot", "1.6.32", "dist/uPlot.iife.min.js"],
  ["/uplot.css", "uplot", "1.6.32", "dist/uPlot.min.css"],
  ["/preact.js", "preact", "11.2.0", "dist/preact.mjs"],
  ["/hooks.js", "preact", "11.2.0", "hooks/dist/hooks.mjs"],
  ["/htm.js", "htm", "3.1.1", "dist/htm.mjs"],
];

/** The source of the module with the page's own files. */
export function packPage(): string {
  const files: Record<string, PageFile> = {};
  const names = [...Deno.readDirSync(new URL(SOURCES, root))].map(({ name }) =>
    name
  ).sort();
  for (const name of names) {
    const text = Deno.readTextFileSync(new URL(SOURCES + name, root));
    files[`/${name}`] = { type: typeOf(name), text };
  }
  return moduleOf(
    "The files of the page, from `page/`.",
    "pageOwnFiles",
    files,
  );
}

/** The source of the module with what is taken from npm, which is asked for it. */
async function packLibraries(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const files: Record<string, PageFile> = {};
    for (const [address, name, version, path] of LIBRARIES) {
      const base = `${folder}/${name}`;
      await Deno.mkdir(base, { recursive: true });
      await run("npm", ["pack", `${name}@${version}`, "--silent"], base);
      await run("tar", ["-xzf", `${name}-${version}.tgz`], base);
      const text = Deno.readTextFileSync(`${base}/package/${path}`)
        // The page serves both beside each other, without a map of imports.
        .replaceAll('from"preact"', 'from"/preact.js"')
        .replace(/\n\/\/# sourceMappingURL=.*/, "");
      const license = licenseOf(`${base}/package`);
      const head = `/*! ${name} ${version}, ${license} */\n`;
      files[address] = { type: typeOf(path), text: head + text };
    }
    return moduleOf(
      "What the page takes from npm: uPlot (MIT), preact (MIT), htm (Apache-2.0).",
      "pageLibraries",
      files,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The license of a package, with the line that names its authors, which a copy has to keep. */
function licenseOf(folder: string): string {
  const { license } = JSON.parse(
    Deno.readTextFileSync(`${folder}/package.json`),
  );
  const text = Deno.readTextFileSync(`${folder}/LICENSE`);
  const copyright = /^.*Copyright \(c\).*$/m.exec(text)?.[0].trim();
  const isMit = license === "MIT";
  return isMit
    ? `MIT. ${text.replaceAll("*/", "").trim()}`
    : `${license}${copyright === undefined ? "" : `, ${copyright}`}`;
}

async function run(
  program: string,
  args: string[],
  cwd: string,
): Promise<void> {
  const { success } = await new Deno.Command(program, { args, cwd }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1).replace("mjs", "js")];
}

function moduleOf(
  what: string,
  name: string,
  files: Record<string, PageFile>,
): string {
  const entries = Object.entries(files).map(([address, { type, text }]) =>
    `  ${JSON.stringify(address)}: {\n    type: ${JSON.stringify(type)},\n` +
    `    text: ${JSON.stringify(text)},\n  },\n`
  );
  return `/**\n * ${what} \`tools/pack_inspector.ts\` writes this module.\n *\n` +
    ` * @module\n */\n\n// deno-fmt-ignore-file\n\n` +
    `/** By their addresses: the type and the text of each. */\n` +
    `export const ${name}: Record<string, { type: string; text: string }> = {\n` +
    `${entries.join("")}};\n`;
}

if (import.meta.main) {
  const write = (path: string, text: string) =>
    Deno.writeTextFileSync(new URL(path, root), text);
  write("src/inspector/page_own_files.ts", packPage());
  if (Deno.args.includes("--libraries")) {
    write("src/inspector/page_libraries.ts", await packLibraries());
  }
}

// Packs the inspector's page, `src/inspector/page/`, into the module
// `src/inspector/page_files.ts`. With `--libraries`, it first fetches what the
// page takes from npm into `page/libraries/`.
//
// The files could be text imports; but JSR, at last sight in October 2026, takes
// no package that has some, and a program that imports the inspector should not
// have to ask npm's registry. So they are packed.

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

/** What is taken from npm: the name here, the package, its version, and the file in it. */
const LIBRARIES = [
  ["uplot.js", "uplot", "1.6.32", "dist/uPlot.iife.min.js"],
  ["uplot.css", "uplot", "1.6.32", "dist/uPlot.min.css"],
  ["preact.js", "preact", "11.2.0", "dist/preact.mjs"],
  ["hooks.js", "preact", "11.2.0", "hooks/dist/hooks.mjs"],
  ["htm.js", "htm", "3.1.1", "dist/htm.mjs"],
];

/** The source of the module with the files of the page. */
export function packPage(): string {
  const entries = pathsOf("").sort().map((path) => {
    const file: PageFile = {
      type: TYPES[path.slice(path.lastIndexOf(".") + 1)],
      text: Deno.readTextFileSync(new URL(SOURCES + path, root)),
    };
    return `  [${JSON.stringify(`/${path}`)}, ${JSON.stringify(file)}],\n`;
  });
  return HEAD + entries.join("") + "]);\n";
}

const HEAD = `/**
 * The files of the page. \`tools/pack_inspector.ts\` writes this module.
 *
 * @module
 */

// deno-fmt-ignore-file

/** By their addresses: the type and the text of each. */
export const pageFiles: ReadonlyMap<string, { type: string; text: string }> = new Map([
`;

function pathsOf(folder: string): string[] {
  return [...Deno.readDirSync(new URL(SOURCES + folder, root))].flatMap((
    { name, isDirectory },
  ) => isDirectory ? pathsOf(`${folder}${name}/`) : [folder + name]);
}

/** Fetches what is taken from npm. */
async function fetchLibraries(): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, from, version, path] of LIBRARIES) {
      const base = `${folder}/${from}`;
      await Deno.mkdir(base, { recursive: true });
      await run("npm", ["pack", `${from}@${version}`, "--silent"], base);
      await run("tar", ["-xzf", `${from}-${version}.tgz`], base);
      const text = Deno.readTextFileSync(`${base}/package/${path}`)
        // The page has both beside each other, without a map of imports.
        .replaceAll('from"preact"', 'from"./preact.js"')
        .replace(/\n\/\/# sourceMappingURL=.*/, "");
      const license = licenseOf(`${base}/package`);
      const ignore = name.endsWith(".css")
        ? "/* deno-fmt-ignore-file */\n"
        : "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n";
      const head = `${ignore}/*! ${from} ${version}, ${license} */\n`;
      const target = new URL(`${SOURCES}libraries/${name}`, root);
      Deno.writeTextFileSync(target, head + text);
    }
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

if (import.meta.main) {
  if (Deno.args.includes("--libraries")) await fetchLibraries();
  Deno.writeTextFileSync(
    new URL("src/inspector/page_files.ts", root),
    packPage(),
  );
}

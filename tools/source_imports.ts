// Reads which files a TypeScript source imports, without running or resolving it.
//
// Counted are `import … from`, `import type`, `export … from`, `import "…"`,
// `import("…")` and types of the form `import("…").Name`. Text in comments and
// in strings is not: examples of the documentation import things, too.

/**
 * The specifiers that a source imports, in the order in which they stand there.
 *
 * @param source The text of a TypeScript file.
 * @returns The specifiers as they are written, with repetitions.
 */
export function importsOf(source: string): string[] {
  const { code, strings } = withoutText(source);
  return [...code.matchAll(importPattern)].map((match) =>
    strings[Number(match[1] ?? match[2] ?? match[3])]
  );
}

/** Matches the code of an import, in which each string is `"its number"`. */
const importPattern = new RegExp(
  [
    // `import x, { y } from`, `import type`, `export * from`: names and braces
    // only stand between the two words.
    String.raw`(?<![\w$.#])(?:import|export)\s[\w$\s{},*]*?\bfrom\s*"(\d+)"`,
    String.raw`(?<![\w$.#])import\s*"(\d+)"`,
    String.raw`(?<![\w$.#])import\s*\(\s*"(\d+)"`,
  ].join("|"),
  "g",
);

/** A comment, a string, a template or a regular expression. */
const textPattern = new RegExp(
  [
    String.raw`\/\/[^\n]*`,
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`"(?:\\[\s\S]|[^"\\\n])*"`,
    String.raw`'(?:\\[\s\S]|[^'\\\n])*'`,
    "`(?:\\\\[\\s\\S]|[^`\\\\])*`",
    // After these, a slash can't be a division.
    String
      .raw`(?<=[=(,:?!&|{};[\n]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`,
  ].join("|"),
  "g",
);

/** The code, with the number of each string in its place, and nothing for the rest. */
function withoutText(source: string): { code: string; strings: string[] } {
  const strings: string[] = [];
  const code = source.replace(textPattern, (text) => {
    if (text.startsWith('"') || text.startsWith("'")) {
      return `"${strings.push(text.slice(1, -1)) - 1}"`;
    }
    return " ";
  });
  return { code, strings };
}

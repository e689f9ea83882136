// Counts the tests in the JUnit report that `deno test` writes.

/** How many tests ended in which way. Steps are parts of their test. */
export interface Counts {
  passed: number;
  failed: number;
  /** Ignored tests; not those that a filter left out. */
  skipped: number;
}

/**
 * Counts the tests of a report.
 *
 * @param report The text of the report, as Deno 2.9 writes it.
 * @returns The counts.
 */
export function count(report: string): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (
    const [, suite] of report.matchAll(/<testsuite .*?>(.*?)<\/testsuite>/gs)
  ) {
    const cases = [...suite.matchAll(/<testcase (.*?)>(.*?)<\/testcase>/gs)]
      .map(([, attributes, outcome]) => ({
        attributes,
        outcome,
        name: nameOf(attributes),
      }));
    const names = new Set(cases.map(({ name }) => name));
    for (const { attributes, outcome, name } of cases) {
      if (isStep(name, names)) continue;
      if (/<(failure|error)\b/.test(outcome)) counts.failed++;
      else if (!outcome.includes("<skipped")) counts.passed++;
      // One that a filter or an early end left out has no time.
      else if (/\btime="/.test(attributes)) counts.skipped++;
    }
  }
  return counts;
}

function nameOf(attributes: string): string {
  return /\bname="([^"]*)"/.exec(attributes)?.[1] ?? "";
}

/** A step is listed beside its test, as `TEST > STEP`. */
function isStep(name: string, names: Set<string>): boolean {
  const separator = " &gt; ";
  for (
    let at = name.indexOf(separator);
    at >= 0;
    at = name.indexOf(separator, at + 1)
  ) {
    if (names.has(name.slice(0, at))) return true;
  }
  return false;
}

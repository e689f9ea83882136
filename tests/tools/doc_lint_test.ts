import { assertEquals } from "@std/assert";
import { readDocs } from "../../tools/doc_json.ts";
import { lintDocs } from "../../tools/doc_lint.ts";

/** What the lint finds in a module; the module itself is described. */
async function findings(source: string): Promise<string[]> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const header = "/** A module.\n *\n * @module\n */\nconst _ = 0;\n";
    await Deno.writeTextFile(file, header + source);
    return lintDocs(await readDocs([file]))
      .map(({ line, message }) => `${line - 5}: ${message}`);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("documentation that says everything has no findings", async () => {
  assertEquals(
    await findings(`
      /** A door. */
      export class Door {
        /** Whether it is open. */
        get open(): boolean { return true; }
        /**
         * Opens it.
         *
         * @param width in metres
         * @param rest more widths
         * @throws {RangeError} when the width is negative
         */
        widen(width = 1, ...rest: number[]): void {}
        /** Describes the door. */
        toString(): string { return ""; }
      }`),
    [],
  );
});

Deno.test("a parameter, a failure and a description that are missing are found, with their lines", async () => {
  assertEquals(
    await findings(
      `export class Door {
        /** Opens it. */
        widen(width: number): void {}
      }
      /**
       * Knocks.
       *
       * @param loud whether it is loud
       */
      export function knock(times: number): void {}
      /** A bell. */
      export interface Bell {
        /**
         * Rings.
         *
         * @throws {Error}
         */
        ring(tone: string): void;
      }`,
    ),
    [
      "1: Door has no description",
      "3: Door.widen has no @param width",
      "3: Door.widen has no @throws",
      "10: knock has no @param times",
      "10: knock has a @param loud and no such parameter",
      "10: knock has no @throws",
      "18: Bell.ring: @throws has no text",
      "18: Bell.ring has no @param tone",
    ],
  );
});

Deno.test("the implementation of overloads needs no text, a method without overloads does", async () => {
  assertEquals(
    await findings(
      `/** A door. */
      export class Door {
        /**
         * Makes a door.
         *
         * @param width in metres
         */
        constructor(width: number);
        constructor(...widths: number[]) {}
        /**
         * Opens it.
         *
         * @param width in metres
         * @throws {RangeError} when the width is negative
         */
        widen(width: number): void;
        widen(...widths: number[]): void {}
        close(): void {}
      }`,
    ),
    ["18: Door.close has no description", "18: Door.close has no @throws"],
  );
});

Deno.test("text that sends the reader elsewhere or hides who acts is found", async () => {
  assertEquals(
    await findings(
      `/** Somebody knocks. */
      export const a = 1;
      /** As in the class: see there. */
      export const b = 2;
      /** The peer knocks. */
      export const c = 3;`,
    ),
    ['2: a says "Somebody"', '4: b says "see there"'],
  );
});

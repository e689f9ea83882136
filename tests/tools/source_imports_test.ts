import { assertEquals } from "@std/assert";
import { importsOf } from "../../tools/source_imports.ts";

Deno.test("every form of an import is found, types and dynamic ones as well", () => {
  const source = `
    import a from "./default.ts";
    import type { B } from './type.ts';
    import c, { type D, e as f } from "./named.ts";
    import * as g from "./all.ts";
    import "./effect.ts";
    export { h } from "./again.ts";
    export type { I } from "./type_again.ts";
    export * from "./star.ts";
    const { j } = await import("./dynamic.ts");
    type K = import("./inline.ts").K;
    import {
      l,
      m,
    } from "./lines.ts";
  `;
  assertEquals(importsOf(source), [
    "./default.ts",
    "./type.ts",
    "./named.ts",
    "./all.ts",
    "./effect.ts",
    "./again.ts",
    "./type_again.ts",
    "./star.ts",
    "./dynamic.ts",
    "./inline.ts",
    "./lines.ts",
  ]);
});

Deno.test("comments, strings, templates and patterns import nothing", () => {
  const source = `
    // import a from "./comment.ts";
    /**
     * import b from "./example.ts";
     */
    const text = 'import c from "./string.ts"';
    const lines = \`
      import d from "./template.ts";
    \`;
    const pattern = /["'] import e from "x"/;
    export const from = "./value.ts";
    host.import("./method.ts");
    import { f } from "./real.ts"; // import g from "./comment.ts"
  `;
  assertEquals(importsOf(source), ["./real.ts"]);
});

// The pages of the guide show the files of examples/guide as they are.

import { assert, assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** A block of code that a page says is a file of the examples. */
const shown = /^<!-- (examples\/\S+) -->\n\n```ts ignore\n(.*?)^```$/gms;

Deno.test("the tutorial shows each file of examples/guide, as it is", async () => {
  const page = await Deno.readTextFile(new URL("docs/guide/tutorial.md", root));
  const files = new Map(
    Array.from(page.matchAll(shown), ([, file, code]) => [file, code]),
  );
  const folder = new URL("examples/guide/", root);
  for await (const { name } of Deno.readDir(folder)) {
    const file = `examples/guide/${name}`;
    assert(files.has(file), `docs/guide/tutorial.md does not show ${file}`);
    assertEquals(
      files.get(file),
      await Deno.readTextFile(new URL(file, root)),
      file,
    );
  }
});

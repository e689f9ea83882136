// The pages of the guide show the files of the examples as they are.

import { assert, assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** A block of code that a page says is a file of the examples. */
const shown =
  /^<!-- (examples\/\S+) -->\n\n```(?:ts ignore|lua)\n(.*?)^```$/gms;

/** The pages that show all files of a folder. */
const pages: [page: string, folder: string][] = [
  ["docs/guide/tutorial.md", "examples/guide/"],
  ["docs/porting.md", "examples/porting/"],
];

for (const [page, folder] of pages) {
  Deno.test(`${page} shows each file of ${folder}, as it is`, async () => {
    const text = await Deno.readTextFile(new URL(page, root));
    const files = new Map(
      Array.from(text.matchAll(shown), ([, file, code]) => [file, code]),
    );
    for await (const { name } of Deno.readDir(new URL(folder, root))) {
      if (name === "sha1.lua") continue; // a library of websocket.lua
      const file = folder + name;
      assert(files.has(file), `${page} does not show ${file}`);
      assertEquals(
        files.get(file),
        await Deno.readTextFile(new URL(file, root)),
        file,
      );
    }
  });
}

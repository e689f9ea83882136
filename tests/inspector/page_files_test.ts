import { assert, assertEquals } from "@std/assert";
import { pageFiles } from "../../src/inspector/page_files.ts";
import { packPage } from "../../tools/pack_inspector.ts";

Deno.test("the packed page is the one in its folder: else run tools/pack_inspector.ts", async () => {
  const packed = new URL("../../src/inspector/page_files.ts", import.meta.url);
  assertEquals(await Deno.readTextFile(packed), packPage());
});

Deno.test("the page takes nothing from elsewhere, and has nothing inline that its policy would refuse", () => {
  const html = pageFiles.get("/page.html")!.text;
  assert(!/https?:|\son\w+=|style=|<style|<script>/.test(html), html);
  for (const [, address] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert(pageFiles.has(address), address);
  }
  for (const [path, { text }] of pageFiles) {
    if (path.startsWith("/libraries/") || !path.endsWith(".js")) continue;
    for (const [, address] of text.matchAll(/from "([^"]+)"/g)) {
      const { pathname } = new URL(address, `http://localhost${path}`);
      assert(pageFiles.has(pathname), `${path} imports ${address}`);
    }
    assert(!/innerHTML|outerHTML|dangerouslySet|eval\(/.test(text), path);
  }
});

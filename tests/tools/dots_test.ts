import { assertEquals } from "@std/assert";
import { joinDots } from "../../tools/dots.ts";

Deno.test("marks stand side by side, and all else keeps its lines", async () => {
  const marks = "\x1b[32m.\x1b[0m\n".repeat(81);
  const output = ReadableStream.from(
    [marks, "!\n,", "\nprinted\n.\n\nFAILED\nthe", " end"],
  );
  const text = (await Array.fromAsync(output.pipeThrough(joinDots()))).join("")
    // deno-lint-ignore no-control-regex
    .replace(/\x1b\[\d+m/g, "");
  assertEquals(
    text,
    `${".".repeat(80)}\n.!,\nprinted\n.\n\nFAILED\nthe end`,
  );
});

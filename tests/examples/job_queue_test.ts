import { assertEquals } from "@std/assert";
import { withExample } from "./fixtures/running_example.ts";

Deno.test("job_queue: each job is done once, the bad one is told, and then the loop ends", () =>
  withExample("job_queue", async (example) => {
    const { code, printed } = await example.outcome();
    assertEquals(code, 0);
    const lines = printed.trimEnd().split("\n");
    assertEquals(lines.pop(), "11 passwords hashed.");
    assertEquals(
      lines.map((line) => line.replace(/^jobs:worker_[123] /, "")).sort(),
      [
        "could not do it: user 7 has no password",
        ...Array.from({ length: 12 }, (_, i) => `is done with user ${i + 1}`)
          .filter((line) => !line.endsWith(" 7")).sort(),
      ],
    );
  }, { args: [] }));

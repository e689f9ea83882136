import { assertEquals } from "@std/assert";
import { withExample } from "./fixtures/running_example.ts";

Deno.test("connect_out: ten threads ask and are answered, and then the loop ends", () =>
  withExample("connect_out", async (example) => {
    const { code, printed } = await example.outcome();
    assertEquals(code, 0);
    const [first, ...rest] = printed.trimEnd().split("\n");
    assertEquals(
      first,
      `Asking the server on 127.0.0.1:${example.port} ten times.`,
    );
    const last = rest.pop();
    assertEquals(
      last?.replace(/\d+\.\d s/, "S"),
      "Ten answers, a second each: S in all.",
    );
    assertEquals(
      rest.sort(),
      Array.from(
        { length: 10 },
        (_, i) => `question ${i + 1}? QUESTION ${i + 1}!`,
      )
        .sort(),
    );
  }, {
    // It connects to the port that it listens on, and that is not known before.
    grants: { "127.0.0.1:8080": "127.0.0.1" },
  }));

// Shows the dots of `deno test --reporter=dot` side by side, where Deno itself
// writes a line for each because its output is no terminal.

const width = 80;

/**
 * Copies the output of the dot reporter to standard output.
 *
 * @param output What Deno writes.
 */
export async function showDots(
  output: ReadableStream<Uint8Array>,
): Promise<void> {
  const lines = joinDots();
  const encoder = new TextEncoder();
  await output.pipeThrough(new TextDecoderStream()).pipeThrough(lines).pipeTo(
    new WritableStream({
      async write(text) {
        let rest = encoder.encode(text);
        while (rest.length > 0) {
          rest = rest.subarray(await Deno.stdout.write(rest));
        }
      },
    }),
  );
}

/** Joins lines that consist of one mark; all else passes as it is. */
export function joinDots(): TransformStream<string, string> {
  let rest = "";
  let column = 0;
  /** A mark, with or without its colour. */
  // deno-lint-ignore no-control-regex
  const mark = /^(?:\x1b\[[\d;]*m)*[.!,](?:\x1b\[[\d;]*m)*$/;
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (mark.test(line)) {
          column = (column + 1) % width;
          controller.enqueue(line + (column === 0 ? "\n" : ""));
        } else {
          controller.enqueue((column > 0 ? "\n" : "") + line + "\n");
          column = 0;
        }
      }
    },
    flush(controller) {
      controller.enqueue((column > 0 ? "\n" : "") + rest);
    },
  });
}

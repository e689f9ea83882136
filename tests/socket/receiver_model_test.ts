// Receiving, against a model that only knows the whole stream: whatever the
// pieces are in which it comes, and whichever wait gives up, no byte is lost, none
// comes twice, and each receive gives what its pattern says.

import { assert, assertEquals } from "@std/assert";
import {
  ClosedError,
  CopasError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { bytes, scripted } from "../fixtures/socket_script.ts";
import { randomly, type SeededRandom } from "../fixtures/seeded_random.ts";

type Call = ["*l" | "*a" | number, partial: boolean];

const WORDS = [
  "\n",
  "\r\n",
  "\r",
  "line\n",
  "a longer line, with more to say\r\n",
  "é",
  "世界",
  "🎉",
  [0xff],
  [0xe2, 0x82],
  "x".repeat(700),
  "y".repeat(3000) + "\n",
] as const;

function randomStream(random: SeededRandom): Uint8Array {
  const words: (string | number[])[] = [];
  for (let i = random.below(15); i >= 0; i--) {
    const word = random.pick(WORDS);
    words.push(typeof word === "string" ? word : [...word]);
  }
  return bytes(...words);
}

function randomPieces(random: SeededRandom, data: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const most = random.pick([5, 50, 2000]);
  for (let at = 0; at < data.length;) {
    const size = 1 + random.below(most);
    pieces.push(data.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function randomCall(random: SeededRandom): Call {
  const pattern = random.pick(["*l", "*l", "*a", 0, 1, 5, 1000] as const);
  // "*a" without partial takes everything: it would end most runs at once.
  return [pattern, pattern === "*a" || random.below(3) === 0];
}

const decode = (data: Uint8Array) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);

/** Checks that `result` is what the call gives for the bytes from `from` to `to`, which it has taken. */
function check(
  data: Uint8Array,
  from: number,
  to: number,
  [pattern, partial]: Call,
  result: string | Uint8Array | null,
): void {
  const taken = data.slice(from, to);
  if (result === null) {
    assertEquals([from, to], [data.length, data.length]);
  } else if (typeof result !== "string") {
    assertEquals(result, taken);
    const wanted = pattern as number;
    if (!partial) assertEquals(result.length, wanted);
    else assert(result.length <= wanted && (result.length > 0 || wanted === 0));
  } else {
    assert(taken.length > 0, "nothing was taken");
    const isLine = pattern === "*l" && taken.at(-1) === 10;
    const whole = decode(isLine ? taken.slice(0, -1) : taken);
    const text = pattern === "*l" ? whole.replaceAll("\r", "") : whole;
    assertEquals(result, text);
    if (pattern === "*l") assert(!result.includes("\n"), result);
    if (!isLine) {
      assert(partial && result !== "");
      // No character was cut.
      assert(decode(data.slice(from)).startsWith(whole), whole);
    }
  }
}

Deno.test("whatever the pieces, the patterns and those who give up: every byte once, in order", () =>
  randomly(async (random) => {
    for (let run = 0; run < 6; run++) {
      const { conn, skt } = scripted();
      const data = randomStream(random);
      const pieces = randomPieces(random, data);
      const taken = () => skt.getstats()[0];
      for (let calls = 0;; calls++) {
        assert(calls < 10_000, "it does not end");
        for (let i = random.below(4); i > 0 && pieces.length > 0; i--) {
          conn.feed(pieces.shift()!);
        }
        if (pieces.length === 0) conn.end();
        const call = randomCall(random);
        const options = random.pick([
          { timeout: 0 },
          { timeout: 1 },
          { signal: AbortSignal.abort() },
        ]);
        const from = taken();
        try {
          const result = call[1]
            ? await skt.receivepartial(call[0], options)
            : await skt.receive(call[0], options);
          check(data, from, taken(), call, result);
          if (result === null) break;
        } catch (error) {
          if (!(error instanceof CopasError)) throw error;
          if (error instanceof ClosedError) {
            assertEquals(error.partial, data.slice(from));
            assertEquals(await skt.receive(1), null);
            break;
          }
          // Whatever else it is, it takes nothing.
          assertEquals(taken(), from);
          if (error instanceof TimeoutError) {
            const { partial } = error;
            assertEquals(partial, data.slice(from, from + partial!.length));
          }
        }
      }
      assertEquals(conn.mostReading <= 1, true);
      await skt.close();
    }
  }));

Deno.test("several readers of lines share them without loss, whichever of them gives up", () =>
  randomly(async (random) => {
    for (let run = 0; run < 3; run++) {
      const { copas, conn, skt } = scripted();
      const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`);
      const got: string[] = [];
      for (let reader = 0; reader < 5; reader++) {
        copas.addthread(async () => {
          for (;;) {
            const timeout = random.pick([undefined, 0, 0.1, 5]);
            try {
              const line = await skt.receive("*l", { timeout });
              if (line === null) return;
              got.push(line);
            } catch (error) {
              if (!(error instanceof TimeoutError)) throw error;
            }
            if (random.below(3) === 0) await copas.pause(0.1);
          }
        });
      }
      copas.addthread(async () => {
        const data = bytes(lines.join("\n") + "\n");
        for (const piece of randomPieces(random, data)) {
          conn.feed(piece);
          if (random.below(4) === 0) await copas.pause(0.1);
          if (random.below(4) === 0) await turn();
        }
        conn.end();
      });
      await copas.loop();
      assertEquals(got, lines);
    }
  }));

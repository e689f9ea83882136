// Sending, against a model: whatever the peer takes and whichever send gives up, what
// was taken goes out once, in the order in which it was taken, and what a
// sender was told is true.

import { assert, assertEquals } from "@std/assert";
import { CopasError, TimeoutError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { same } from "../fixtures/socket_pair.ts";
import { scripted } from "../fixtures/socket_script.ts";
import { randomly } from "../fixtures/seeded_random.ts";

const SIZES = [1, 10, 1000, 5000, 30_000, 65_536, 150_000];

Deno.test("whatever the peer takes and whichever send gives up: what was taken goes out once, in order", () =>
  randomly(async (random) => {
    for (let run = 0; run < 3; run++) {
      const { copas, conn, skt } = scripted();
      conn.hold();
      let ended = 0;
      const senders = 4;
      /** What each sender was told was taken of its bytes. */
      const taken: Uint8Array[][] = [];
      for (let sender = 0; sender < senders; sender++) {
        const told: Uint8Array[] = taken[sender] = [];
        copas.addthread(async () => {
          for (let i = 0; i < 12; i++) {
            // The sender's number is in every byte; the rest counts.
            const data = new Uint8Array(random.pick(SIZES))
              .map((_, at) => sender << 6 | (i + at) & 0x3f);
            const timeout = random.pick([undefined, undefined, 0, 0.5]);
            const isText = random.below(4) === 0;
            if (isText) data.forEach((byte, at) => data[at] = byte & 0x7f);
            try {
              const count = await skt.send(
                isText ? new TextDecoder().decode(data) : data,
                { timeout },
              );
              assertEquals(count, data.length);
              told.push(data);
            } catch (error) {
              if (!(error instanceof TimeoutError)) throw error;
              told.push(data.slice(0, error.sent));
            }
            if (random.below(3) === 0) await copas.pause(0.1);
            if (random.below(6) === 0) {
              await skt.flush({ timeout: 0.2 }).catch((error) => {
                if (!(error instanceof CopasError)) throw error;
              });
            }
          }
          ended++;
        });
      }
      copas.addthread(async () => {
        while (ended < senders) {
          await copas.pause(0.05);
          for (let i = random.below(5); i > 0; i--) {
            if (conn.offered === 0) await turn();
            if (conn.offered > 0) conn.take(1 + random.below(80_000));
          }
        }
        conn.release();
      });
      await copas.loop();
      await skt.flush();
      const total = taken.flat().reduce((sum, { length }) => sum + length, 0);
      assertEquals(conn.written.length, total);
      assertEquals(skt.getstats()[1], total);
    }
  }));

Deno.test("one sender that goes on where it timed out: the peer gets exactly its bytes", () =>
  randomly(async (random) => {
    for (let run = 0; run < 3; run++) {
      const { copas, conn, skt } = scripted();
      conn.hold();
      const whole = new Uint8Array(random.below(2_000_000)).map((_, i) =>
        (i * 7 + (i >> 8)) & 0xff
      );
      let done = false;
      copas.addthread(async () => {
        for (let rest = whole; rest.length > 0;) {
          const part = rest.subarray(0, random.pick(SIZES));
          const timeout = random.pick([0, 0.1, 1]);
          try {
            rest = rest.subarray(await skt.send(part, { timeout }));
          } catch (error) {
            if (!(error instanceof TimeoutError)) throw error;
            rest = rest.subarray(error.sent);
          }
        }
        done = true;
        await skt.close();
      });
      copas.addthread(async () => {
        while (!done) {
          await copas.pause(0.05);
          while (conn.offered > 0 && random.below(6) > 0) {
            conn.take(1 + random.below(100_000));
            await turn();
          }
        }
        conn.release();
      });
      await copas.loop();
      assert(same(conn.written, whole), `${conn.written.length}`);
      assertEquals(conn.closes, 1);
    }
  }));

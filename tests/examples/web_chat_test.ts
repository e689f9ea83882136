import { assertEquals, assertMatch } from "@std/assert";
import { npm } from "../fixtures/npm_package.ts";
import { Browser, chromium } from "../fixtures/browser.ts";
import { hasNetcat, Program } from "./fixtures/program.ts";
import { withExample } from "./fixtures/running_example.ts";

const name = "web_chat";
const ws = await npm("ws@^8.23.0");
const ignore = ws === undefined;

/** A client of ws that keeps what it hears. */
class Talker {
  // deno-lint-ignore no-explicit-any
  readonly #socket: any;
  readonly #heard: string[] = [];
  #come = Promise.withResolvers<void>();

  constructor(port: number, options: object = {}) {
    this.#socket = new ws.WebSocket(`ws://127.0.0.1:${port}/`, options);
    this.#socket.on("message", (data: unknown) => {
      this.#heard.push(String(data));
      this.#come.resolve();
      this.#come = Promise.withResolvers();
    });
  }

  /** The next line. */
  async hears(): Promise<string> {
    while (this.#heard.length === 0) await this.#come.promise;
    return this.#heard.shift()!;
  }

  says(line: string): void {
    this.#socket.send(line);
  }

  /** How the connection was refused. */
  refused(): Promise<string> {
    return new Promise((resolve) =>
      this.#socket.on("error", (error: Error) => resolve(error.message))
    );
  }

  async leave(code?: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#socket.on("close", resolve);
    this.#socket.close(code);
    return await promise;
  }
}

Deno.test({
  name: `${name}: a client with nc and one with a WebSocket read one another`,
  ignore: ignore || !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      await using ada = new Program("nc", ["127.0.0.1", `${port}`]);
      assertEquals(await ada.hearLine(), "* What is your name?");
      await ada.say("Ada\n");
      assertEquals(await ada.hearLine(), "* Ada is here.");
      const grace = new Talker(port);
      assertEquals(await grace.hears(), "* What is your name?");
      grace.says("two words");
      assertMatch(await grace.hears(), /A name has 1 to 20 letters/);
      grace.says("Grace");
      assertEquals(await grace.hears(), "* Grace is here.");
      assertEquals(await ada.hearLine(), "* Grace is here.");
      await ada.say("Hello, Grace.\n");
      assertEquals(await grace.hears(), "Ada: Hello, Grace.");
      grace.says("\x1b[2Jschön");
      assertEquals(await ada.hearLine(), "Ada: Hello, Grace.");
      assertEquals(await ada.hearLine(), "Grace: [2Jschön");
      assertEquals(await grace.leave(1000), 1000);
      assertEquals(await ada.hearLine(), "* Grace has left.");
    }),
});

Deno.test({
  name:
    `${name}: the page comes by HTTP, a line that is too long and a page of another site are refused`,
  ignore,
  fn: () =>
    withExample(name, async ({ port }) => {
      const page = await fetch(`http://127.0.0.1:${port}/`);
      assertMatch(await page.text(), /<title>Chat<\/title>/);
      const evil = new Talker(port, { origin: "http://evil.example.com" });
      assertMatch(await evil.refused(), /403/);
      const talker = new Talker(port);
      await talker.hears();
      talker.says("x".repeat(1001));
      assertEquals(await talker.leave(), 1009);
    }),
});

Deno.test({
  name: `${name}: a browser and nc share the chat`,
  ignore: ignore || chromium === undefined || !hasNetcat,
  fn: () =>
    withExample(name, async ({ port }) => {
      await using ada = new Program("nc", ["127.0.0.1", `${port}`]);
      assertEquals(await ada.hearLine(), "* What is your name?");
      await ada.say("Ada\n");
      assertEquals(await ada.hearLine(), "* Ada is here.");
      await using browser = await Browser.start();
      await browser.open(`http://127.0.0.1:${port}/#Grace`);
      assertEquals(await ada.hearLine(), "* Grace is here.");
      await ada.say("<b>Hello</b>, Grace.\n");
      assertEquals(await ada.hearLine(), "Ada: <b>Hello</b>, Grace.");
      await browser.until(
        `document.body.innerText.includes("Ada: <b>Hello</b>, Grace.")`,
      );
      await browser.evaluate(`
        document.querySelector("input").value = "Hello, Ada.";
        document.forms[0].requestSubmit();
      `);
      assertEquals(await ada.hearLine(), "Grace: Hello, Ada.");
    }),
});

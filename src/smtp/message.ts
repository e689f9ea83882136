/**
 * Mail messages: headers, bodies of several parts, attachments. Nodemailer
 * encodes them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import MimeNode from "npm:nodemailer@^10.6.0/lib/mime-node";
import { wrongType } from "../errors/arguments.ts";
import { type Content, readSource } from "../requests/content.ts";
import { checkOneLine, checkParams } from "../requests/parameters.ts";

/** The content of a message or of a part: text, bytes, or a stream of them. */
export type MessageContent =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/**
 * A message, or a part of one.
 *
 * @example With an attachment
 * ```ts
 * import type { Message } from "jsr:@copas/copas/smtp";
 *
 * const mail: Message = {
 *   headers: { Subject: "Minutes", To: "Fred <fred@example.com>" },
 *   body: "Here they are.",
 *   attachments: [{
 *     filename: "minutes.pdf",
 *     content: (await Deno.open("minutes.pdf")).readable,
 *   }],
 * };
 * ```
 */
export interface Message {
  /**
   * Its headers: `{ Subject: "Grüße", To: "Fred <fred@example.com>" }`. Text
   * outside ASCII is encoded. Copas adds Date, Message-ID and MIME-Version, and
   * leaves `Bcc` out. Default of `Content-Type`: `text/plain; charset=utf-8`.
   */
  headers?: Record<string, string>;
  /** Its content, or its parts; then the message is `multipart/mixed` unless `Content-Type` names another type of several parts. Default: empty. */
  body?: MessageContent | Message[];
  /** Files to send with it. Default: none. */
  attachments?: Attachment[];
}

/** A file in a message. */
export interface Attachment {
  /** The name that the recipient sees. */
  filename: string;
  /** Its content. */
  content: MessageContent;
  /** Its media type, such as `image/png`. Default: by the extension of its name. */
  type?: string;
}

const CALL = "message()";
const KEYS = ["headers", "body", "attachments"];
const SAFE = { disableFileAccess: true, disableUrlAccess: true };

/**
 * Makes the text of a message, for the `source` of `send`. `send` does the same
 * with its parameter `message`.
 *
 * @param given headers, content and attachments
 * @returns the text in chunks, headers first. Where the content is a stream, it
 * can be read once
 * @throws {TypeError} when a key is unknown, a header or a filename has a line
 * break, or a value is of the wrong type
 *
 * @example
 * ```ts
 * import { message } from "jsr:@copas/copas/smtp";
 *
 * const text = message({ headers: { Subject: "Hello" }, body: "How are you?" });
 * for await (const chunk of text) await Deno.stdout.write(chunk);
 * ```
 */
export function message(given: Message): AsyncIterable<Uint8Array> {
  const root = node(given);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of root.createReadStream()) {
        yield new Uint8Array(chunk as Uint8Array);
      }
    },
  };
}

function node(given: Message, parent?: MimeNode): MimeNode {
  checkParams(CALL, given, KEYS);
  const { headers = {}, body = "", attachments = [] } = given;
  const isMixed = attachments.length > 0;
  const own = headerEntries(headers);
  const [, type] = own.find(([name]) => /^content-type$/i.test(name)) ?? [];
  if (
    Array.isArray(body) && type !== undefined && !/^multipart\//i.test(type)
  ) {
    const expected = "a multipart type, as the body has parts";
    throw wrongType(CALL, "the header Content-Type", expected, type);
  }
  const plain = "text/plain; charset=utf-8";
  const inner = type ?? (Array.isArray(body) ? "multipart/mixed" : plain);
  const root = makeNode(isMixed ? "multipart/mixed" : inner, parent);
  for (const [name, value] of own) {
    if (!/^content-type$/i.test(name)) root.setHeader(name, value);
  }
  fill(isMixed ? makeNode(inner, root) : root, body);
  attachments.forEach((each) => attach(root, each));
  return root;
}

function makeNode(
  type: string | undefined,
  parent: MimeNode | undefined,
  filename?: string,
): MimeNode {
  const options = filename === undefined ? SAFE : { ...SAFE, filename };
  return parent?.createChild(type, options) ?? new MimeNode(type, options);
}

function fill(node: MimeNode, body: MessageContent | Message[]): void {
  if (!Array.isArray(body)) return void node.setContent(contentOf(body));
  body.forEach((part) => makePart(part, node));
}

function makePart(part: Message, parent: MimeNode): void {
  node(part, parent);
}

function attach(parent: MimeNode, { filename, content, type }: Attachment) {
  checkOneLine(CALL, "the filename of an attachment", filename);
  if (type !== undefined) checkType(type);
  const child = makeNode(type, parent, filename);
  child.setHeader("Content-Disposition", "attachment");
  // Text, too: other encodings may change its line ends.
  child.setHeader("Content-Transfer-Encoding", "base64");
  child.setContent(contentOf(content));
}

function checkType(type: string): void {
  checkOneLine(CALL, "the type of an attachment", type);
  if (!/^[\w.+-]+\/[\w.+-]+(?:\s*;.*)?$/.test(type)) {
    const expected = "a media type as image/png";
    throw wrongType(CALL, "the type of an attachment", expected, type);
  }
}

function headerEntries(headers: unknown): [string, string][] {
  if (typeof headers !== "object" || headers === null) {
    throw wrongType(CALL, "the headers", "an object", headers);
  }
  const entries = Object.entries(headers);
  for (const [name, value] of entries) {
    if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) {
      throw wrongType(CALL, "a header's name", "ASCII without colons", name);
    }
    checkOneLine(CALL, `the header ${name}`, value);
  }
  return entries;
}

function contentOf(content: MessageContent): string | Buffer | Readable {
  if (typeof content === "string") return content;
  if (content instanceof Uint8Array) {
    return Buffer.from(content.buffer, content.byteOffset, content.length);
  }
  const source: Content = readSource(CALL, content);
  return Readable.from(source.chunks(), { objectMode: false });
}

/**
 * The head of an answer: its first line and its headers, by RFC 9112. What
 * another reader could understand in another way is refused.
 *
 * @module
 */

import { type ResponseHeaders, responseHeaders } from "./headers.ts";

/** An answer without its body. */
export interface HttpAnswer {
  code: number;
  headers: ResponseHeaders;
  /** "HTTP/1.1 200 OK". */
  status: string;
}

const STATUS = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What may stand around a value. `trim` takes more off: "\xa0" too, which other readers keep. */
const BLANKS = /^[\t ]+|[\t ]+$/g;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads a head.
 *
 * @param text the lines with their ends, without the empty one
 * @throws {Deno.errors.InvalidData} when it is none
 */
export function parseHead(text: string): HttpAnswer {
  const [status, ...lines] = text.split("\r\n");
  if (!STATUS.test(status)) throw malformed("its first line is no status line");
  const headers = parseHeaders(lines);
  const length = headers["content-length"];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw malformed("its content-length is no number, or there are several");
  }
  if (length !== undefined && headers["transfer-encoding"] !== undefined) {
    throw malformed("it has a content-length and a transfer-encoding");
  }
  // Other readers undo another coding, or stop where this one goes on.
  const encoding = headers["transfer-encoding"]?.toLowerCase() ?? "";
  if (encoding.includes("chunked") && encoding !== "chunked") {
    throw malformed("its transfer-encoding is not just chunked");
  }
  return { code: Number(status.slice(9, 12)), headers, status: status.trim() };
}

/**
 * Reads header lines, or those of trailers.
 *
 * @throws {Deno.errors.InvalidData} when a line is none
 */
export function parseHeaders(lines: string[]): ResponseHeaders {
  const raw: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1);
    if (colon < 0 || !NAME.test(name) || !VALUE.test(value)) {
      throw malformed("a line of its headers is no header");
    }
    raw.push(name, value.replace(BLANKS, ""));
  }
  return responseHeaders(raw);
}

/** Bytes as the characters of Latin-1, as HTTP means them. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** The error for an answer that is not HTTP. */
export function malformed(why: string): Error {
  return new Deno.errors.InvalidData(`the answer is malformed: ${why}`);
}

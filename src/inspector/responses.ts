/**
 * The answers of the inspector, each with the headers that keep the page to
 * itself.
 *
 * @module
 */

/** Scripts, styles and requests are the inspector's own; nothing is inline, and no page shows it in a frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/** An answer with a body of the type `type`. */
export function answer(
  body: BodyInit | null,
  type: string,
  code = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    status: code,
    headers: { ...HEADERS, "content-type": type, ...headers },
  });
}

/** An answer in plain text. */
export function say(text: string, code: number): Response {
  return answer(`${text}\n`, "text/plain; charset=utf-8", code);
}

/** An answer in JSON. */
export function tell(value: unknown, code = 200): Response {
  return answer(JSON.stringify(value), "application/json", code);
}

/**
 * Reads the small bodies of the page's requests.
 *
 * @module
 */

/** How many bytes a body may have. */
const LONGEST_BODY = 4096;

/** The value of a JSON body; nothing when it is no JSON, says that it is something else, or is too long. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) return undefined;
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > LONGEST_BODY) return undefined;
      text += decoder.decode(chunk, { stream: true });
    }
    return JSON.parse(text + decoder.decode());
  } catch {
    // The browser has gone, or has sent something else.
    return undefined;
  }
}

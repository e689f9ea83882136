/**
 * Requests that are refused before they begin, because of a wrong parameter.
 *
 * @module
 */

import type { RequestHost } from "./host.ts";

/**
 * The result of `request`. Its failure comes a round later, so that a loop of
 * requests with a wrong URL leaves the others their turns.
 */
export async function paced<T>(
  host: RequestHost,
  request: Promise<T>,
): Promise<T> {
  try {
    return await request;
  } catch (error) {
    // In a removed thread it fails, which counts: such a loop is given up.
    await host.wait(Promise.resolve()).catch(() => {});
    throw error;
  }
}

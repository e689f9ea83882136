/**
 * An empty script: what Deno itself needs to start.
 *
 * @module
 */

export {};

/**
 * Checks the permissions of workers: what is none of them makes Deno itself end
 * the process (2.9.6), before any error can be caught.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";

const KINDS: readonly string[] = Object.keys(
  {
    env: true,
    ffi: true,
    import: true,
    net: true,
    read: true,
    run: true,
    sys: true,
    write: true,
  } satisfies Record<keyof Deno.PermissionOptionsObject, true>,
);

/**
 * Refuses what can't be the permissions of a worker.
 *
 * @param call names the call in the message of an error
 * @throws {TypeError} when they can't
 */
export function checkPermissions(call: string, permissions: unknown): void {
  if (["none", "inherit", undefined].includes(permissions as string)) return;
  const expected = '"none", "inherit", or an object such as { read: true }';
  if (
    typeof permissions !== "object" || permissions === null ||
    Array.isArray(permissions)
  ) {
    throw wrongType(call, "permissions", expected, permissions);
  }
  checkKeys(call, "the permissions", permissions, KINDS);
  for (const [kind, value] of Object.entries(permissions)) {
    if (value === undefined || isGrant(value)) continue;
    const expected = 'a boolean, "inherit", or an array of strings and URLs';
    throw wrongType(call, `the permission ${kind}`, expected, value);
  }
}

function isGrant(value: unknown): boolean {
  if (!Array.isArray(value)) {
    return typeof value === "boolean" || value === "inherit";
  }
  return value.every((entry) =>
    typeof entry === "string" || entry instanceof URL
  );
}

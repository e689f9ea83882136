/**
 * The environment, as far as it may be read.
 *
 * @module
 */

/** A variable; `undefined` where it is not set or may not be read. Never asks the user. */
export function variable(name: string): string | undefined {
  return mayRead(name) ? Deno.env.get(name) : undefined;
}

/** Whether a variable may be read. */
export function mayRead(name: string): boolean {
  const query = { name: "env", variable: name } as const;
  return Deno.permissions.querySync(query).state === "granted";
}

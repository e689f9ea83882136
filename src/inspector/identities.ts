/**
 * Numbers for objects, by which a page names them: names are the program's, and
 * may be the same or change.
 *
 * @module
 */

/** Gives each object a number of its own, and keeps none alive. */
export class Identities {
  readonly #ids = new WeakMap<object, number>();
  #last = 0;

  /** The number of `object`: the same each time. */
  of(object: object): number {
    let id = this.#ids.get(object);
    if (id === undefined) this.#ids.set(object, id = ++this.#last);
    return id;
  }

  /** Whether `object` has the number `id`. Unlike `of`, it gives no number. */
  is(object: object, id: number): boolean {
    return this.#ids.get(object) === id;
  }
}

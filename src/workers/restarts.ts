/**
 * Restarts of workers, one after the other: what is asked for while it is done
 * already is not done again.
 *
 * @module
 */

/** The restarts of a group of workers. */
export class Restarts {
  #underWay?: Promise<void> = undefined;
  /** The place whose worker is being replaced; `undefined`: all of them are. */
  #place?: number = undefined;

  /** Does `replace`, which replaces the worker of `place` or all of them, when those before are done. */
  async run(
    place: number | undefined,
    replace: () => Promise<void>,
  ): Promise<void> {
    while (this.#underWay !== undefined) {
      const isIncluded = this.#place === undefined || this.#place === place;
      if (isIncluded) return await this.#underWay;
      await this.#underWay.catch(() => {});
    }
    this.#place = place;
    const over = () => this.#underWay = undefined;
    this.#underWay = replace().finally(over);
    await this.#underWay;
  }
}

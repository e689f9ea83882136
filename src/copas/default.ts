/**
 * The default dispatcher.
 *
 * @module
 */

import { Copas } from "./copas.ts";

/** The dispatcher of programs that need only one. */
const copas: Copas = new Copas();
export default copas;

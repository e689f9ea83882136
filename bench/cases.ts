/**
 * All cases, in the order in which they run.
 *
 * @module
 */

import type { Case } from "./case.ts";
import { byteRelay } from "./cases/byte_relay.ts";
import { idle } from "./cases/idle.ts";
import { lineEcho } from "./cases/line_echo.ts";

/** The cases. */
export const cases: Case[] = [lineEcho, byteRelay, idle];

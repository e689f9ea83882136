/**
 * What a server counts.
 *
 * @module
 */

/** What a server has counted since it was registered for the first time. */
export interface ServerCounters {
  /** Connections that were accepted, those that were refused among them. */
  accepted: number;
  /** Connections that were accepted and closed at once, by the limit that refused them. */
  refused: Record<string, number>;
  /** Connections that were served and then closed by a limit, by that limit. */
  closed: Record<string, number>;
  /** TLS handshakes that failed, or took too long. */
  failedHandshakes: number;
  /** Errors that left a handler and were reported. */
  handlerErrors: number;
}

/** Counters that begin with nothing. */
export function newCounters(): ServerCounters {
  return {
    accepted: 0,
    refused: {},
    closed: {},
    failedHandshakes: 0,
    handlerErrors: 0,
  };
}

/** Copies counters, for a caller that may keep them. */
export function copyCounters(counters: ServerCounters): ServerCounters {
  return {
    ...counters,
    refused: { ...counters.refused },
    closed: { ...counters.closed },
  };
}

/** Counts one more under `key`. */
export function countIn(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

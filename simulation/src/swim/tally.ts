/** What was counted since it was last taken; one object lives as long as its system, so that counting allocates nothing. */
export interface Tally {
  arrivals: number;
  /** Requests that left, and the sum of their times in the system, with and without optional content. */
  optional: number;
  optionalSeconds: number;
  basic: number;
  basicSeconds: number;
  /** Of them, passed on unserved. */
  unserved: number;
  /** Service demand taken in and processor time given, in seconds. */
  demand: number;
  busy: number;
}

export const emptyTally = (): Tally => ({
  arrivals: 0,
  optional: 0,
  optionalSeconds: 0,
  basic: 0,
  basicSeconds: 0,
  unserved: 0,
  demand: 0,
  busy: 0,
});

/** Mean time in the system of the requests that left; 0 when none did. */
export function meanResponse({ optional, optionalSeconds, basic, basicSeconds }: Tally): number {
  const left = optional + basic;
  return left === 0 ? 0 : (optionalSeconds + basicSeconds) / left;
}

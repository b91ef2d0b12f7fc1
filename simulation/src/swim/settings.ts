/** The facts of the simulated web system, each of them overridable. Times in seconds. */
export interface SwimSettings {
  readonly maxServers: number;
  readonly initialServers: number;
  readonly bootDelay: number;
  readonly initialDimmer: number;
  /** Dimmer values that rules and planners choose from. */
  readonly dimmerLevels: readonly number[];
  /** Jobs a server shares its processor between; more wait in line. */
  readonly threads: number;
  /** A job that waited this long is passed on unserved. */
  readonly patience: number;
  /** Normal service times, never negative, with and without optional content. */
  readonly optional: ServiceTime;
  readonly basic: ServiceTime;
  /** Requests after which 5 % of the cold cache's extra time is left. */
  readonly warmUpRequests: number;
  readonly period: number;
  readonly adaptFrom: number;
  readonly scoreFrom: number;
  readonly until: number;
  /** Mean response time of a period above this is late. */
  readonly threshold: number;
  /** Requests a second one server is said to carry, in the penalty of late periods. */
  readonly maxServiceRate: number;
}

export interface ServiceTime {
  readonly mean: number;
  readonly deviation: number;
  /** Extra time of a server that has served nothing yet. */
  readonly coldExtra: number;
}

export const defaultSwim: SwimSettings = {
  maxServers: 3,
  initialServers: 3,
  bootDelay: 60,
  initialDimmer: 0.9,
  dimmerLevels: [0, 0.25, 0.5, 0.75, 1],
  threads: 100,
  patience: 10,
  optional: { mean: 0.03, deviation: 0.03, coldExtra: 0.05 },
  basic: { mean: 0.001, deviation: 0.001, coldExtra: 0.0019 },
  warmUpRequests: 6_750,
  period: 60,
  adaptFrom: 540,
  scoreFrom: 900,
  until: 6_300,
  threshold: 0.75,
  maxServiceRate: 1 / 0.04452713,
};

/** The share of the cold cache's extra time that is left after `served` requests. */
export const coldShare = (served: number, warmUpRequests: number): number =>
  Math.exp((Math.log(0.05) / warmUpRequests) * served);

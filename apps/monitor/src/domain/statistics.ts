/** Violations of one severity, component and metric within a window. */
export interface Tally {
  readonly severity: string;
  readonly component: string;
  readonly metric: string;
  readonly detected: number;
  readonly firing: number;
  readonly resolved: number;
  /** From detection to resolution; null when none was resolved. */
  readonly meanDurationSeconds: number | null;
}

export interface Statistic {
  readonly name: string;
  readonly detected: number;
  readonly firing: number;
  readonly resolved: number;
  readonly meanDurationSeconds: number | null;
}

export interface Statistics {
  readonly total: Omit<Statistic, 'name'>;
  readonly bySeverity: Statistic[];
  readonly byComponent: Statistic[];
  readonly byMetric: Statistic[];
}

/** Sums the tallies along each dimension, the largest first. */
export function statisticsOf(tallies: readonly Tally[]): Statistics {
  const { name: _, ...total } = sumOf('', tallies);
  return {
    total,
    bySeverity: along(tallies, ({ severity }) => severity),
    byComponent: along(tallies, ({ component }) => component),
    byMetric: along(tallies, ({ metric }) => metric),
  };
}

const along = (tallies: readonly Tally[], keyOf: (tally: Tally) => string): Statistic[] =>
  [...Map.groupBy(tallies, keyOf)]
    .map(([name, group]) => sumOf(name, group))
    .sort((a, b) => b.detected - a.detected || (a.name < b.name ? -1 : 1));

function sumOf(name: string, tallies: readonly Tally[]): Statistic {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const resolved = sum((tally) => tally.resolved);
  const seconds = sum((tally) => (tally.meanDurationSeconds ?? 0) * tally.resolved);
  return {
    name,
    detected: sum((tally) => tally.detected),
    firing: sum((tally) => tally.firing),
    resolved,
    meanDurationSeconds: resolved === 0 ? null : seconds / resolved,
  };
}

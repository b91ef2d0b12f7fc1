import type { PastViolation } from './read-past.ts';

/** One passage of one component from its first violation until all have been quiet. */
export interface PastIncident {
  readonly component: string;
  readonly from: number;
  /** Null when it was not over at the end of what was read. */
  readonly until: number | null;
  readonly violations: readonly PastViolation[];
}

/** Violations, in the order they began, as incidents by component; what recurs within `quietSeconds` joins. */
export function incidentsFrom(violations: readonly PastViolation[], quietSeconds: number): PastIncident[] {
  const byComponent = Map.groupBy(violations, ({ subject }) => subject.component);
  const incidents = [...byComponent].flatMap(([component, ofComponent]) => {
    const joined: Array<{ from: number; until: number; violations: PastViolation[] }> = [];
    for (const violation of ofComponent) {
      const until = violation.until ?? Number.POSITIVE_INFINITY;
      const last = joined.at(-1);
      if (last && violation.from <= last.until + quietSeconds) {
        last.violations.push(violation);
        last.until = Math.max(last.until, until);
      } else joined.push({ from: violation.from, until, violations: [violation] });
    }
    return joined.map((one) => ({ ...one, component, until: Number.isFinite(one.until) ? one.until : null }));
  });
  return incidents.toSorted((a, b) => a.from - b.from || a.component.localeCompare(b.component));
}

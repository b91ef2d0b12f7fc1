import type { Store } from '@charter/store';
import { blockedIncidents, freshAnalysis } from '../adapters/incident-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import { isFiring } from '../domain/restraint.ts';
import type { PlanMetrics } from '../metrics.ts';
import { blockedAnswer, type PlannerDeps, planIncident } from './plan-incident.ts';
import { recordCourse } from './record-course.ts';

/** Plans an incident again, from what was last heard of it, if that is fresh. */
export type Replan = (incidentId: string) => Promise<void>;

/** The next rung does not wait until the violation is reported again: what was last heard still stands, and execute looks again before it acts. */
export function replanning(
  deps: PlannerDeps & {
    readonly store: Store<PlanTables>;
    readonly metrics: Pick<PlanMetrics, 'scored' | 'recorded'>;
    readonly onPending: () => void;
  },
): Replan {
  return async (incidentId) => {
    const analysis = await freshAnalysis(deps.store, incidentId, deps.settings.evidenceSeconds);
    if (!analysis || analysis.mergedInto !== null || !analysis.violations.some(isFiring)) return;
    const course = await planIncident(analysis, deps);
    await deps.store.transaction((tx) => recordCourse(tx, analysis, course, deps));
    if (course.kind === 'planned' && course.status === 'pending') deps.onPending();
  };
}

/** A target that rested, or was taken by another plan, may be free by now. */
export async function replanBlocked(store: Store<PlanTables>, replan: Replan): Promise<void> {
  for (const incidentId of await blockedIncidents(store, blockedAnswer)) await replan(incidentId);
}

import type { Analysis } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import type { PlanTables } from '../adapters/tables.ts';
import type { FollowExecutions } from './follow-executions.ts';
import { type PlannerDeps, planIncident } from './plan-incident.ts';
import { type RecordDeps, recordCourse } from './record-course.ts';

export interface OnAnalysisDeps extends PlannerDeps {
  readonly store: Store<PlanTables>;
  readonly metrics: PlannerDeps['metrics'] & RecordDeps['metrics'];
  readonly followExecutions: FollowExecutions;
  /** Told when a plan waits for people, so that they are asked at once. */
  readonly onPending: () => void;
}

/** Makes a plan from an analysis: reads first, then one transaction records it and hands it on. */
export function onAnalysis(deps: OnAnalysisDeps) {
  return async (message: ReceivedMessage<Analysis>): Promise<boolean> => {
    const analysis = message.data;
    await deps.followExecutions(analysis.incidentId);
    const course = await planIncident(analysis, deps);
    const done = await deps.store.consume(message, async (tx) => {
      await recordCourse(tx, analysis, course, deps);
    });
    if (course.kind === 'planned' && course.status === 'pending') deps.onPending();
    return done;
  };
}

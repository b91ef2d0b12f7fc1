import { type Analysis, CharterError } from '@charter/shared/contracts';
import type { PlanItem } from '../adapters/plan-log.ts';
import { gatherSituation } from './gather-situation.ts';
import type { OnAnalysisDeps } from './on-analysis.ts';
import { makePlan, planIncident } from './plan-incident.ts';
import { recordCourse } from './record-course.ts';

/** Planning because a person asks for it. */
export interface PlanNow {
  /** What would be planned now; nothing is recorded and nothing is done. */
  preview(analysis: Analysis): Promise<PlanItem>;
  /** Plans like an analysis from the queue. @returns the plan's id. Throws `conflict` when there is nothing to plan. */
  record(analysis: Analysis): Promise<string>;
}

export function planNow(deps: Omit<OnAnalysisDeps, 'onPending'>): PlanNow {
  return {
    async preview(analysis) {
      const { plan, status, reason } = await makePlan(await gatherSituation(analysis, deps), deps);
      return {
        ...plan,
        status,
        approvalId: null,
        executionId: null,
        executionState: null,
        outcome: null,
        statusReason: reason,
      };
    },
    async record(analysis) {
      await deps.followExecutions(analysis.incidentId);
      const course = await planIncident(analysis, deps);
      const id = await deps.store.transaction((tx) => recordCourse(tx, analysis, course, deps));
      if (id !== null) return id;
      const why = {
        merged: 'it is part of another incident',
        resolved: 'its violations are resolved',
        'in-flight': 'a plan of it is in flight',
        resting: 'a plan of it ended just now',
        planned: 'a newer analysis was heard, or the same answer stands already',
      } as const;
      throw new CharterError('conflict', `Nothing to plan for incident ${analysis.incidentId}: ${why[course.kind]}`);
    },
  };
}

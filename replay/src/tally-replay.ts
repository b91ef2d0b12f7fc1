import { type PlanningSettings, rewardOf } from '@charter/app-plan/planner';
import { type LoggedChoice, shrunkDoublyRobust } from '@charter/learning';
import type { OutcomeType } from '@charter/shared/contracts';
import { acts, type Difference, type DifferenceKind } from './compare-courses.ts';
import type { Course, Replayed } from './decide-again.ts';

/** What acting took: acts, their summed cost, and what exploring could fall short of the runbook. */
export interface Spent {
  readonly acts: number;
  readonly asksPeople: number;
  readonly cost: number;
  readonly explored: number;
  readonly byAction: Readonly<Record<string, number>>;
}

export interface ReplayReport {
  readonly kind: 'replay';
  readonly decisions: number;
  readonly incidents: number;
  readonly recomputed: Readonly<Record<'monitor' | 'plan' | 'charter', number>>;
  readonly different: number;
  readonly byKind: Readonly<Partial<Record<DifferenceKind, number>>>;
  /** From → to, how often. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly spent: { readonly before: Spent; readonly after: Spent };
  /** Recorded plans that did nothing and whose incident went away all the same. */
  readonly healedAlone: number;
  /** Share of success of what was done, and off-policy estimate of what would be done instead, with 90 % interval. */
  readonly success: {
    readonly known: number;
    readonly before: number;
    readonly after: { readonly value: number; readonly lower: number; readonly upper: number };
  } | null;
  readonly differences: readonly Difference[];
  readonly seconds: number;
}

/** Sums up a replay as it goes. At most `kept` differences are kept one by one; all are counted. */
export function tallyReplay(kept: number) {
  const incidents = new Set<string>();
  const recomputed = { monitor: 0, plan: 0, charter: 0 };
  const byKind: Partial<Record<DifferenceKind, number>> = {};
  const verdicts: Record<string, number> = {};
  const [before, after] = [counter(), counter()];
  const log: LoggedChoice[] = [];
  const differences: Difference[] = [];
  let [decisions, different, healedAlone] = [0, 0, 0];

  return {
    add(recorded: Course, replayed: Replayed, difference: Difference | null, outcome: OutcomeType | null): void {
      const { course, stages } = replayed;
      decisions += 1;
      if (recorded.plan) incidents.add(recorded.plan.incidentId);
      for (const stage of stages) recomputed[stage] += 1;
      before.add(recorded);
      after.add(course);
      if (!acts(recorded) && outcome === 'success') healedAlone += 1;
      const choice = loggedFrom(recorded, course, outcome);
      if (choice) log.push(choice);
      if (!difference) return;
      different += 1;
      byKind[difference.kind] = (byKind[difference.kind] ?? 0) + 1;
      if (recorded.status !== course.status) {
        const turn = `${recorded.status} → ${course.status}`;
        verdicts[turn] = (verdicts[turn] ?? 0) + 1;
      }
      if (differences.length < kept) differences.push(difference);
    },
    report(seconds: number): ReplayReport {
      return {
        kind: 'replay',
        decisions,
        incidents: incidents.size,
        recomputed,
        different,
        byKind,
        verdicts,
        spent: { before: before.spent(), after: after.spent() },
        healedAlone,
        success: successFrom(log),
        differences,
        seconds,
      };
    },
  };
}

export function counter() {
  const byAction: Record<string, number> = {};
  let [done, asksPeople, cost, explored] = [0, 0, 0, 0];
  return {
    add(course: Course): void {
      if (!acts(course) || !course.plan) return;
      done += 1;
      if (course.status === 'pending') asksPeople += 1;
      cost += course.plan.cost;
      if (course.plan.choice && course.plan.choice.runbook !== course.plan.strategy) explored += 1;
      for (const { action } of course.plan.actions) byAction[action] = (byAction[action] ?? 0) + 1;
    },
    spent: (): Spent => ({ acts: done, asksPeople, cost: Number(cost.toFixed(4)), explored, byAction }),
  };
}

/** What was done and how it ended, with the chance that the replayed policy would have done the same. */
function loggedFrom(recorded: Course, replayed: Course, outcome: OutcomeType | null): LoggedChoice | null {
  const reward = outcome === null ? null : rewardOf(outcome);
  const { plan } = recorded;
  if (!acts(recorded) || reward === null || !plan) return null;
  const now = replayed.plan;
  const isSame = now?.hash === plan.hash && acts(replayed);
  const chance = isSame ? (now.choice?.propensity ?? 1) : (now?.choice?.chances[plan.strategy] ?? 0);
  return {
    reward,
    propensity: plan.choice?.propensity ?? 1,
    chance,
    modelled: plan.benefit,
    expected: now?.benefit ?? 0,
  };
}

function successFrom(log: readonly LoggedChoice[]): ReplayReport['success'] {
  if (log.length < 2) return null;
  const { value, lower, upper } = shrunkDoublyRobust(log);
  const before = log.reduce((sum, { reward }) => sum + reward, 0) / log.length;
  return { known: log.length, before, after: { value, lower, upper } };
}

/** Numbers of the learner that may be set from outside, by name. */
export type LearnerSettings = Partial<PlanningSettings>;

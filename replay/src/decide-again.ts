import { partsOf, type RecordedSituation } from '@charter/app-plan/history';
import { makePlan } from '@charter/app-plan/plan-incident';
import type { PlanningSettings, PlanStatus } from '@charter/app-plan/planner';
import { isFiring } from '@charter/app-plan/planner';
import type { DecisionRequest, Plan } from '@charter/shared/contracts';
import { charterAgain, type RecordedAnswer, sameAnswer } from './charter-again.ts';
import type { ReplayPack } from './read-pack.ts';
import { watchAgain } from './watch-again.ts';

/** What a decision comes to, then or now. */
export interface Course {
  /** `quiet`: nothing would have been a violation. */
  readonly status: PlanStatus | 'quiet';
  readonly plan: Plan | null;
}

export interface Candidate {
  readonly pack: ReplayPack;
  /** Names what the pack says to planning. */
  readonly digest: string;
  /** Learner's numbers that differ from the recorded ones. */
  readonly settings: Partial<PlanningSettings>;
  /** Recompute every stage, changed or not. */
  readonly all: boolean;
}

export interface Replayed {
  readonly course: Course;
  /** Stages that were computed again. */
  readonly stages: ReadonlyArray<'monitor' | 'plan' | 'charter'>;
}

const unmeasured = { scored: () => undefined };

const looked = new WeakMap<ReplayPack, ReturnType<typeof partsOf>>();

/** A pack as planning looks it up, made once. */
function planningParts(pack: ReplayPack): ReturnType<typeof partsOf> {
  const known = looked.get(pack) ?? partsOf(pack.parts);
  looked.set(pack, known);
  return known;
}

/** Decides a recorded situation again; stages that did not change are taken from the record. No effect, ever. */
export async function decideAgain(
  record: RecordedSituation,
  answers: readonly RecordedAnswer[],
  { pack, digest, settings, all }: Candidate,
): Promise<Replayed> {
  const recorded: Course = { status: record.status, plan: record.plan };
  const isReplanned = all || digest !== record.groundDigest || Object.keys(settings).length > 0;
  const charter = charterAgain(pack, answers, Date.parse(record.situation.now));
  const isRejudged = answers.some(({ request, decision }) => !sameAnswer(charter(request), decision));
  if (!isReplanned && !isRejudged) return { course: recorded, stages: pack.policies.length > 0 ? ['charter'] : [] };
  const parts = planningParts(pack);
  const analysis = isReplanned
    ? watchAgain(record.situation.analysis, record.situation.rules, parts.rules)
    : record.situation.analysis;
  const stages = isReplanned ? (['monitor', 'plan', 'charter'] as const) : (['plan', 'charter'] as const);
  if (!analysis.violations.some(isFiring)) return { course: { status: 'quiet', plan: null }, stages };
  const situation = isReplanned ? { ...record.situation, ...parts, analysis } : record.situation;
  const { status, plan } = await makePlan(situation, {
    settings: { ...record.ground.settings, ...settings },
    metrics: unmeasured,
    newId: () => record.plan.id,
    charter: { decide: async (request: DecisionRequest) => charter(request) },
  });
  return { course: { status, plan }, stages };
}

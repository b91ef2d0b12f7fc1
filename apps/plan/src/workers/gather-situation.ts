import { type Analysis, CharterError, type Recommendation } from '@charter/shared/contracts';
import { blamedOf } from '../adapters/incident-records.ts';
import type { SituationRecords } from '../adapters/situation-records.ts';
import { causeKey } from '../domain/candidate.ts';
import type { Situation } from '../domain/propose.ts';
import type { PlanningSettings } from '../domain/settings.ts';
import { brakeAfter } from '../domain/storm-brake.ts';
import type { ActivePackSource, Executor, Teacher } from '../ports.ts';

export interface GatherDeps {
  readonly pack: ActivePackSource;
  readonly executor: Executor;
  readonly teacher: Teacher;
  readonly records: SituationRecords;
  readonly settings: PlanningSettings;
  readonly now: () => Date;
}

/** How many root causes Knowledge is asked about. */
const mostCauses = 5;

/** Reads everything one plan is made from. Throws `upstream-unavailable` while there is no pack or execute is away. */
export async function gatherSituation(analysis: Analysis, deps: GatherDeps): Promise<Situation> {
  const { executor, records, settings } = deps;
  const pack = deps.pack.current();
  if (!pack) throw new CharterError('upstream-unavailable', 'There is no pack from the charter yet');
  const [states, recommendations, priors, attempts, open, past, frozen, blamed, brake, saved, merged] =
    await Promise.all([
      executor.targetStates(),
      recommendationsFor(analysis, deps),
      records.priors(),
      records.attempts(analysis.incidentId),
      records.openPlans(analysis.incidentId),
      records.pastChanges(settings.oscillationWindowSeconds),
      records.freezes(),
      records.blamed(analysis.environment, settings.staleIncidentSeconds),
      records.brake(analysis.environment),
      records.saved(analysis.environment, settings.exploreDays),
      records.mergedInto(analysis.incidentId),
    ]);
  const now = deps.now().toISOString();
  const unhealthy = new Set([...blamed, blamedOf(analysis)]).size;
  return {
    analysis,
    ...pack,
    states,
    beliefs: { recommendations, priors },
    attempts,
    open,
    past,
    frozen,
    brake: brakeAfter(brake, { unhealthy, targets: pack.targets.size }, now, settings),
    saved,
    merged,
    now,
  };
}

async function recommendationsFor(analysis: Analysis, { teacher }: GatherDeps): Promise<Map<string, Recommendation>> {
  const causes = new Map(analysis.rootCauses.slice(0, mostCauses).map((cause) => [causeKey(cause), cause]));
  const answers = await Promise.all(
    [...causes].map(async ([key, cause]) => [key, await teacher.recommendation(cause)] as const),
  );
  return new Map(answers.flatMap(([key, answer]) => (answer ? [[key, answer] as const] : [])));
}

import {
  adaptationFrom,
  isRelapse,
  type KeyedTally,
  lessonFrom,
  recommendationFrom,
  type TallyKey,
  trialsOf,
} from '@charter/app-knowledge/lessons';
import type { Beliefs } from '@charter/app-plan/planner';
import { addTrial, emptyTally } from '@charter/learning';
import type { Outcome, Recommendation } from '@charter/shared/contracts';

/** As Knowledge is configured by default. */
const learning = { halfLifeDays: 90, relapseFactor: 10, relapseSeconds: 1_800 };
const adapting = { adaptTrials: 5, adaptChange: 0.1, adaptStep: 0.2, halfLifeDays: learning.halfLifeDays };

/** Knowledge's beliefs with their memory in maps instead of tables. */
export interface Knowledge {
  /**
   * Learns from an outcome; the same one again takes back what it taught before, and a success that this incident shows
   * not to have lasted becomes none. @returns what was learned, in words
   */
  learn(outcome: Outcome, incidentOpenedAt: Date): string;
  recommendation(cause: { readonly component: string; readonly metric: string }): Recommendation;
  priors(): Beliefs['priors'];
}

export function createKnowledge(): Knowledge {
  const tallies = new Map<string, KeyedTally>();
  const outcomes = new Map<string, Outcome>();
  const told = new Map<string, { success: number; confidence: number }>();

  function apply(outcome: Outcome, count: 1 | -1): KeyedTally[] {
    return trialsOf(outcome).map(({ key, trial }) => {
      const id = keyText(key);
      const tally = addTrial(tallies.get(id)?.tally ?? emptyTally, trial, learning.halfLifeDays, count);
      const changed = { ...key, tally };
      tallies.set(id, changed);
      return changed;
    });
  }

  function record(outcome: Outcome): KeyedTally[] {
    const known = outcomes.get(outcome.id);
    if (known) apply(known, -1);
    outcomes.set(outcome.id, outcome);
    const changed = apply(outcome, 1);
    for (const { kind, strategy, tally } of changed) {
      if (kind !== 'strategy') continue;
      const adaptation = adaptationFrom(strategy, tally, told.get(strategy)?.success ?? null, adapting);
      if (adaptation) told.set(strategy, { success: adaptation.value, confidence: adaptation.confidence });
    }
    return changed;
  }

  function learn(outcome: Outcome, incidentOpenedAt: Date): string {
    const isNew = !outcomes.has(outcome.id);
    const changed = record(outcome);
    if (isNew) {
      for (const earlier of [...outcomes.values()].filter((one) => isSolved(one, outcome, incidentOpenedAt))) {
        if (isRelapse(earlier, incidentOpenedAt, learning)) record({ ...earlier, type: 'ineffective' });
      }
    }
    return lessonFrom(outcome, changed);
  }

  return {
    learn,
    recommendation: ({ component, metric }) =>
      recommendationFrom([...tallies.values()], { rootCause: metric, component }, () => 'auto', learning.halfLifeDays),
    priors: () => told,
  };
}

/** Whether an earlier incident with the same cause had ended well before this one opened. */
const isSolved = (earlier: Outcome, { component, rootCause, incidentId }: Outcome, openedAt: Date): boolean =>
  earlier.type === 'success' &&
  earlier.component === component &&
  earlier.rootCause?.metric === rootCause?.metric &&
  earlier.incidentId !== incidentId &&
  Date.parse(earlier.at) <= openedAt.getTime();

const keyText = ({ kind, rootCause, action, targetClass, target, strategy }: TallyKey): string =>
  JSON.stringify([kind, rootCause, action, targetClass, target, strategy]);

import {
  type AutonomyRecord,
  type AutonomySurroundings,
  type BetaBelief,
  emptyTally,
  intervalOf,
  mergeTallies,
  successBelief,
} from '@charter/learning';
import type { KeyedTally } from './action-evidence.ts';
import { type AutonomySubject, subjectName } from './autonomy-cases.ts';

/** Before evidence about one problem in four goes away by itself. */
const recoveryPrior: BetaBelief = { alpha: 1, beta: 3 };

/** What like targets, and the same ones under other policies, show of an action, and how often the problems it is used against go away by themselves. */
export function surroundingsFrom(
  subject: AutonomySubject,
  records: ReadonlyArray<AutonomySubject & { readonly record: AutonomyRecord }>,
  tallies: readonly KeyedTally[],
  halfLifeDays: number,
): AutonomySurroundings {
  const name = subjectName(subject);
  const like = records.filter((one) => one.action === subject.action && subjectName(one) !== name);
  const causes = new Set(
    tallies
      .filter(({ kind, action, targetClass }) => {
        return kind === 'action' && action === subject.action && targetClass === subject.targetClass;
      })
      .map(({ rootCause }) => rootCause),
  );
  const alone = tallies
    .filter(({ kind, rootCause }) => kind === 'recovery' && causes.has(rootCause))
    .reduce((sum, { tally }) => mergeTallies(sum, tally, halfLifeDays), emptyTally);
  const total = (of: 'cases' | 'successes' | 'harms') => like.reduce((sum, { record }) => sum + record[of], 0);
  return {
    selfRecoveryAtMost: intervalOf(successBelief(recoveryPrior, alone)).upper,
    likeCases: total('cases'),
    likeSuccesses: total('successes'),
    likeHarms: total('harms'),
  };
}

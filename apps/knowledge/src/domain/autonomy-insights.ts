import { type AutonomyRecord, harmPrior, ignorance, intervalOf, luck } from '@charter/learning';
import { type AutonomySubject, subjectName } from './autonomy-cases.ts';
import type { Insight } from './insights-from.ts';
import { count } from './words.ts';

/** What earned or lost autonomy asks people to do: promote what may act alone, watch what may not any more. */
export function autonomyInsights(
  states: ReadonlyArray<AutonomySubject & { readonly record: AutonomyRecord }>,
): Insight[] {
  return states.flatMap((state): Insight[] => {
    const { record } = state;
    const { cases, successes, harms, mode, reason, cleanSinceDemotion } = record;
    const success = { alpha: ignorance.alpha + successes, beta: ignorance.beta + cases - successes };
    const harm = { alpha: harmPrior.alpha + harms, beta: harmPrior.beta + cases - harms };
    const name = subjectName(state);
    const evidence = [
      { of: `success of ${name}`, trials: cases, ...intervalOf(success) },
      { of: `harm of ${name}`, trials: cases, ...intervalOf(harm) },
    ];
    if (mode === 'auto') {
      return [
        {
          id: `promote ${name}`,
          kind: 'promote',
          text: `${name} has earned to act alone: ${reason}.`,
          advice: `Let ${name} act alone where the charter allows it: grant it auto as its maximum.`,
          effect: intervalOf(success).lower,
          confidence: 1 - luck.success - luck.harm,
          evidence,
        },
      ];
    }
    if (cleanSinceDemotion === null) return [];
    return [
      {
        id: `demote ${name}`,
        kind: 'demote',
        text: `${name} has lost its autonomy: ${reason}; ${count(cleanSinceDemotion, 'clean case')} since then.`,
        advice: `Approve ${name} by hand and look at what changed before it acts alone again.`,
        effect: intervalOf(harm).upper,
        confidence: 1,
        evidence,
      },
    ];
  });
}

import {
  changeIn,
  confidenceAt,
  ignorance,
  intervalOf,
  sinceChange,
  successBelief,
  type Tally,
} from '@charter/learning';
import type { Adaptation } from '@charter/shared/contracts';
import type { LearningSettings } from '../config.ts';
import { changeText, percent } from './words.ts';

/**
 * What plan is told of a strategy once its record says something new: never more than one step from what it was told
 * before, never certainty. Null while there is too little evidence or no change worth telling.
 */
export function adaptationFrom(
  strategy: string,
  tally: Tally,
  told: number | null,
  settings: Pick<LearningSettings, 'adaptTrials' | 'adaptChange' | 'adaptStep' | 'halfLifeDays'>,
): Omit<Adaptation, 'id' | 'at'> | null {
  if (Math.round(tally.weight) < settings.adaptTrials) return null;
  const change = changeIn([tally], settings.halfLifeDays);
  const present = change ? sinceChange(tally, change.at, settings.halfLifeDays) : tally;
  const { mean, lower, upper } = intervalOf(successBelief(ignorance, present));
  const bounded = told === null ? mean : Math.min(told + settings.adaptStep, Math.max(told - settings.adaptStep, mean));
  const value = Math.min(0.95, Math.max(0.05, bounded));
  if (told !== null && Math.abs(value - told) < settings.adaptChange) return null;
  const before = told === null ? '' : `, ${percent(told)} before`;
  return {
    kind: 'strategy-belief',
    subject: strategy,
    value,
    confidence: confidenceAt(present.weight),
    reason:
      `${strategy} is now expected to succeed in ${percent(value)} of cases${before}: its ${String(tally.trials)} ` +
      `verified trials say ${percent(mean)} (90 % interval ${percent(lower)} to ${percent(upper)})${change ? `; ${changeText(change)}` : ''}.`,
  };
}

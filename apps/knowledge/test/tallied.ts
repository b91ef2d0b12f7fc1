import { addTrial, emptyTally } from '@charter/learning';
import type { Outcome } from '@charter/shared/contracts';
import type { KeyedTally } from '../src/domain/action-evidence.ts';
import { trialsOf } from '../src/domain/trials-of.ts';
import { outcomeOf } from './fixtures.ts';

export const halfLife = 90;
export const observe = () => 'observe' as const;
export const at = '2026-06-01T00:00:00.000Z';

export function tallied(outcomes: readonly Outcome[]): KeyedTally[] {
  const tallies = new Map<string, KeyedTally>();
  for (const { key, trial } of outcomes.flatMap(trialsOf)) {
    const id = JSON.stringify(key);
    tallies.set(id, { ...key, tally: addTrial(tallies.get(id)?.tally ?? emptyTally, trial, halfLife) });
  }
  return [...tallies.values()];
}

export const times = (many: number, changes: Partial<Outcome> = {}): Outcome[] =>
  Array.from({ length: many }, () => outcomeOf({ at, ...changes }));
export const scaleUp = (target = 'cache'): Partial<Outcome> => ({
  strategy: 'scale-cache',
  actions: [{ action: 'SCALE_UP', target, targetClass: 'service' }],
});

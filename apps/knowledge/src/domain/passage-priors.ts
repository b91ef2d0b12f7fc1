import type { Outcome, PassagePrior } from '@charter/shared/contracts';
import type { Passage } from './passages-from.ts';
import { successOf } from './trials-of.ts';
import { count } from './words.ts';

/** How far what is written, and what helped in like incidents, may move an expectation that has no trials yet. */
const most = { written: 0.05, like: 0.05 } as const;
/** Like incidents before they say anything. */
const fewest = 2;

/**
 * Small shifts of what is expected of strategies against a cause: up where a passage close to it describes the strategy, up
 * or down by how the strategy did in incidents like it. Each says why.
 */
export function passagePriors(
  passages: readonly Passage[],
  like: ReadonlyArray<Pick<Outcome, 'strategy' | 'type' | 'executed'>>,
): PassagePrior[] {
  const written = new Map(passages.flatMap((one) => (one.strategy === null ? [] : [[one.strategy, one] as const])));
  const tried = Map.groupBy(
    like.filter(({ executed, type }) => executed && successOf[type] !== null),
    ({ strategy }) => strategy,
  );
  return [...new Set([...written.keys(), ...tried.keys()])].toSorted().flatMap((strategy): PassagePrior[] => {
    const passage = written.get(strategy);
    const cases = tried.get(strategy) ?? [];
    const helped = cases.reduce((sum, { type }) => sum + (successOf[type] ?? 0), 0);
    const isTelling = cases.length >= fewest;
    const shift = (passage ? most.written : 0) + (isTelling ? 2 * most.like * (helped / cases.length - 0.5) : 0);
    if (shift === 0) return [];
    const reasons = [
      ...(passage ? [`${passage.source} is written for it`] : []),
      ...(isTelling ? [`it helped in ${String(helped)} of ${count(cases.length, 'like incident')}`] : []),
    ];
    return [{ strategy, shift: Number(shift.toFixed(4)), reason: reasons.join(' and ') }];
  });
}

import type { Outcome, RungRecord } from '@charter/shared/contracts';
import { successOf } from './trials-of.ts';

/** One carried out try; `at` in milliseconds since the epoch. */
export interface Tried extends Pick<Outcome, 'incidentId' | 'strategy' | 'type'> {
  readonly at: number;
}

const most = 200;

/**
 * How often each strategy helped after which others had failed in the same incident. Folded from the outcomes as they stand
 * now, so that a correction needs no bookkeeping. An outcome that cannot be told ends what can be said of its incident.
 */
export function ladderFrom(outcomes: readonly Tried[]): RungRecord[] {
  const records = new Map<string, { failed: string[]; strategy: string; trials: number; successes: number }>();
  for (const ofIncident of Map.groupBy(outcomes, ({ incidentId }) => incidentId).values()) {
    const failed = new Set<string>();
    for (const { strategy, type } of ofIncident.toSorted((a, b) => a.at - b.at)) {
      const success = successOf[type];
      if (success === null) break;
      const before = [...failed].toSorted();
      const key = JSON.stringify([before, strategy]);
      const known = records.get(key) ?? { failed: before, strategy, trials: 0, successes: 0 };
      records.set(key, { ...known, trials: known.trials + 1, successes: known.successes + success });
      if (success === 1) break;
      failed.add(strategy);
    }
  }
  return [...records.values()]
    .toSorted(
      (a, b) =>
        b.trials - a.trials || a.failed.join().localeCompare(b.failed.join()) || a.strategy.localeCompare(b.strategy),
    )
    .slice(0, most);
}

import {
  type BetaBelief,
  emptyTally,
  harmBelief,
  harmPrior,
  mergeTallies,
  pooledBelief,
  successBelief,
  type Tally,
} from '@charter/learning';
import type { TallyKey } from './trials-of.ts';

export type KeyedTally = TallyKey & { readonly tally: Tally };

/** What is known of one action on one class of targets against one root cause. */
export interface ActionEvidence {
  readonly rootCause: string;
  readonly action: string;
  readonly targetClass: string;
  /** Null: over all strategies. */
  readonly strategy: string | null;
  /** All trials of the class, those of the asked target among them. */
  readonly tally: Tally;
  readonly success: BetaBelief;
  readonly harm: BetaBelief;
}

/**
 * Evidence per root cause, action and class, over all strategies and for each. With `target` the belief is that target's
 * own, started from its class; without it is the class's, started from other classes.
 */
export function actionEvidence(
  tallies: readonly KeyedTally[],
  halfLifeDays: number,
  target: string | null = null,
): ActionEvidence[] {
  const sum = (some: readonly KeyedTally[]): Tally =>
    some.reduce((total, { tally }) => mergeTallies(total, tally, halfLifeDays), emptyTally);
  const actions = tallies.filter(({ kind }) => kind === 'action');
  const byAction = Map.groupBy(actions, ({ rootCause, action }) => JSON.stringify([rootCause, action]));
  return [...byAction.values()].flatMap((ofAction) =>
    [...Map.groupBy(ofAction, ({ targetClass }) => targetClass)].flatMap(([targetClass, ofClass]) => {
      const [first] = ofClass;
      if (!first) return [];
      const { rootCause, action } = first;
      const elsewhere = sum(ofAction.filter((one) => one.targetClass !== targetClass));
      const evidenceOf = (strategy: string | null): ActionEvidence => {
        const counted = strategy === null ? ofClass : ofClass.filter((one) => one.strategy === strategy);
        const own = target === null ? [] : counted.filter((one) => one.target === target);
        const levels = [elsewhere, sum(counted.filter((one) => !own.includes(one))), sum(own)];
        return {
          rootCause,
          action,
          targetClass,
          strategy,
          tally: sum(counted),
          success: pooledBelief(levels),
          harm: pooledBelief(levels, harmBelief, harmPrior),
        };
      };
      const strategies = [...new Set(ofClass.map(({ strategy }) => strategy))].toSorted();
      return [null, ...strategies].map(evidenceOf);
    }),
  );
}

/** How often a metric's violations go away by themselves; a metric never seen alone starts from the others. */
export function recoveryEvidence(
  tallies: readonly KeyedTally[],
  halfLifeDays: number,
  rootCause: string,
): { readonly tally: Tally; readonly belief: BetaBelief } {
  const alone = tallies.filter(({ kind }) => kind === 'recovery');
  const sum = (some: readonly KeyedTally[]): Tally =>
    some.reduce((total, { tally }) => mergeTallies(total, tally, halfLifeDays), emptyTally);
  const own = sum(alone.filter((one) => one.rootCause === rootCause));
  const others = sum(alone.filter((one) => one.rootCause !== rootCause));
  return { tally: own, belief: pooledBelief([others, own], successBelief) };
}

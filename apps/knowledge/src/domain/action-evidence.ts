import {
  type BetaBelief,
  type Change,
  changeIn,
  emptyTally,
  harmBelief,
  harmPrior,
  mergeTallies,
  pooledBelief,
  sinceChange,
  successBelief,
  type Tally,
} from '@charter/learning';
import type { TallyKey } from './trials-of.ts';

export type KeyedTally = TallyKey & { readonly tally: Tally };

/** A change of an action, against one root cause or against all of them together. */
export type SeenChange = Change & { readonly everywhere: boolean };

/** What is known of one action on one class of targets against one root cause. */
export interface ActionEvidence {
  readonly rootCause: string;
  readonly action: string;
  readonly targetClass: string;
  /** Null: over all strategies. */
  readonly strategy: string | null;
  /** All trials of the class, those of the asked target among them. */
  readonly tally: Tally;
  /** The same as far as it still speaks for the present: success from before a change hardly counts. */
  readonly present: Tally;
  /** Since when it works otherwise than before; null while it goes as it did. */
  readonly change: SeenChange | null;
  readonly success: BetaBelief;
  readonly harm: BetaBelief;
}

/** Whose evidence is wanted: of one target, against one root cause; null is all. */
export interface Asked {
  readonly target?: string | null;
  readonly rootCause?: string | null;
}

/**
 * Evidence per root cause, action and class, over all strategies and for each. With `target` the belief is that target's
 * own, started from its class; without it is the class's, started from other classes. Where trials contradict what they said
 * before, against this cause, on this target or against all causes together, memory is shortened to what came since; what the
 * action has done since against other causes then is where its belief starts from.
 */
export function actionEvidence(
  tallies: readonly KeyedTally[],
  halfLifeDays: number,
  { target = null, rootCause: cause = null }: Asked = {},
): ActionEvidence[] {
  const actions = tallies.filter(({ kind }) => kind === 'action');
  const sumSince = (some: readonly KeyedTally[], at: number | null, kept?: number): Tally => {
    const total = some.reduce((sum, { tally }) => mergeTallies(sum, tally, halfLifeDays), emptyTally);
    return at === null ? total : sinceChange(total, at, halfLifeDays, kept);
  };
  const changeOf = (some: readonly KeyedTally[], everywhere: boolean): SeenChange | null => {
    const change = changeIn(
      some.map(({ tally }) => tally),
      halfLifeDays,
    );
    return change && { ...change, everywhere };
  };
  const known = new Map<string, SeenChange | null>();
  const evidenceOf = (first: KeyedTally, strategy: string | null): ActionEvidence => {
    const { rootCause, action, targetClass } = first;
    const ofAction = actions.filter((one) => one.action === action);
    const ofClass = ofAction.filter(
      (one) => one.targetClass === targetClass && (strategy === null || one.strategy === strategy),
    );
    const counted = ofClass.filter((one) => one.rootCause === rootCause);
    const key = JSON.stringify([action, targetClass, strategy]);
    const everywhere = known.has(key) ? (known.get(key) ?? null) : changeOf(ofClass, true);
    known.set(key, everywhere);
    const change = latestOf(everywhere, changeOf(counted, false));
    const own = target === null ? [] : counted.filter((one) => one.target === target);
    const ownChange = target === null ? change : latestOf(change, changeOf(own, false));
    const elsewhere = ofAction.filter((one) => one.rootCause === rootCause && one.targetClass !== targetClass);
    const rest = counted.filter((one) => !own.includes(one));
    const whole = [sumSince(elsewhere, null), sumSince(rest, null), sumSince(own, null)];
    const otherwise = ofClass.filter((one) => one.rootCause !== rootCause);
    const present = [
      ...(everywhere ? [sumSince(otherwise, everywhere.at, 0)] : []),
      sumSince(elsewhere, change?.at ?? null),
      sumSince(rest, change?.at ?? null),
      sumSince(own, ownChange?.at ?? null),
    ];
    return {
      rootCause,
      action,
      targetClass,
      strategy,
      tally: sumSince(counted, null),
      present: sumSince(counted, change?.at ?? null),
      change: ownChange,
      success: pooledBelief(present),
      harm: pooledBelief(whole, harmBelief, harmPrior),
    };
  };
  const wanted = actions.filter((one) => cause === null || one.rootCause === cause);
  const groups = Map.groupBy(wanted, (one) => JSON.stringify([one.rootCause, one.action, one.targetClass]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const strategies = [...new Set(group.map(({ strategy }) => strategy))].toSorted();
    return [null, ...strategies].map((strategy) => evidenceOf(first, strategy));
  });
}

/** Of two that began together, the one that is told of more closely. */
const latestOf = (wide: SeenChange | null, close: SeenChange | null): SeenChange | null =>
  wide && close ? (close.at >= wide.at ? close : wide) : (wide ?? close);

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

import { excessOf, violates } from './reading.ts';
import {
  beforeOf,
  gainOf,
  indexesOf,
  medianOf,
  middleOf,
  type Sample,
  scaleOf,
  type VerificationFacts,
} from './samples.ts';

/** How much of a recovery is the plan's doing, and how that is known. */
export interface Attribution {
  /** 0..1: 1 when nothing else recovered, 0 when all that was left alone recovered as far. */
  readonly share: number;
  readonly text: string;
}

/**
 * Difference in differences: what untreated peers that were in the same trouble gained meanwhile is taken off what the
 * plan's own signals gained. Where there is no such peer, the base rate at which such violations go away by themselves.
 */
export function attributionOf(facts: VerificationFacts, tail: readonly Sample[]): Attribution {
  const peers = comparable(facts, tail);
  const own = meanOf(indexesOf(facts.verification, 'violated').map((index) => gainOf(facts, tail, index)));
  if (own === null || own <= 0) return { share: 0, text: 'nothing recovered' };
  const others = meanOf(peers.map((index) => gainOf(facts, tail, index)));
  if (others === null) {
    const { selfRecovery } = facts.verification;
    if (selfRecovery === undefined) return { share: 1, text: 'there is nothing to compare it with' };
    return { share: 1 - selfRecovery, text: `${percent(selfRecovery)} of such violations go away by themselves` };
  }
  const recovered = peers.filter((index) => gainOf(facts, tail, index) === 1).length;
  return {
    share: Math.min(1, Math.max(0, (own - Math.max(0, others)) / own)),
    text: `${String(recovered)} of ${String(peers.length)} untreated peers recovered as well`,
  };
}

/** Peers that were in trouble before and can be told in every sample; no data of a peer says nothing about it. */
function comparable(facts: VerificationFacts, tail: readonly Sample[]): number[] {
  return indexesOf(facts.verification, 'peer').filter((index) => {
    const signal = facts.verification.signals[index];
    const before = beforeOf(facts, index);
    if (!signal || before === null || excessOf(signal, before) <= 0) return false;
    return tail.every(({ readings }) => violates(signal, readings[index]) !== null);
  });
}

/** By how much of their scale untreated peers got worse meanwhile, in the median; 0 when they did not, or there are none. */
export function trendOf(facts: VerificationFacts, tail: readonly Sample[]): number {
  const changes = indexesOf(facts.verification, 'peer').flatMap((index) => {
    const signal = facts.verification.signals[index];
    const before = beforeOf(facts, index);
    const after = medianOf(tail, index);
    if (!signal || before === null || after === null || Number.isNaN(after)) return [];
    const scale = scaleOf(signal, before);
    return scale === 0 ? [] : [(excessOf(signal, after) - excessOf(signal, before)) / scale];
  });
  return Math.max(0, middleOf(changes) ?? 0);
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

export const percent = (share: number): string => `${String(Math.round(share * 100))} %`;

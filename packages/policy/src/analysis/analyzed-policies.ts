import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import { overlapIndexOf } from './overlap-index.ts';
import { type Region, regionsOf } from './region.ts';

/** Enforced rules with the requests they match, and which of them may meet. */
export interface AnalyzedPolicies {
  readonly snapshot: PolicySnapshot;
  /** In the order of the rules; rules in `warn` and `shadow` change nothing and are left out, as are vacuous ones. */
  readonly regions: readonly Region[];
  /** Rules, in any rollout, that match no request. */
  readonly vacuous: readonly CompiledRule[];
  readonly overlapsOf: (region: Region) => readonly Region[];
  /** Pairs of rules were left out, because there are more than `mostPairs`. */
  readonly isCutShort: boolean;
}

/** Overlapping pairs that are looked at. */
const mostPairs = 400_000;

export function analyzePolicies(snapshot: PolicySnapshot): AnalyzedPolicies {
  const all = regionsOf(snapshot);
  const regions = all.filter(({ rule, cubes }) => rule.ref.rollout === 'enforce' && cubes.length > 0);
  const index = overlapIndexOf(regions);
  const overlaps = new Map<Region, readonly Region[]>();
  let pairs = 0;
  for (const region of regions) {
    if (pairs > mostPairs) break;
    const found = index.overlaps(region);
    pairs += found.length;
    overlaps.set(region, found);
  }
  return {
    snapshot,
    regions,
    vacuous: all.filter(({ cubes }) => cubes.length === 0).map(({ rule }) => rule),
    overlapsOf: (region) => overlaps.get(region) ?? [],
    isCutShort: overlaps.size < regions.length,
  };
}

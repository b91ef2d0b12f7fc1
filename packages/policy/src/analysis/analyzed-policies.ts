import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import { overlapIndexOf, regionsMeet } from './overlap-index.ts';
import { type Region, regionsOf } from './region.ts';
import { type Budget, createBudget } from './search-requests.ts';

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
  readonly budget: Budget;
}

/** Overlapping pairs that are looked at. */
const mostPairs = 400_000;

export function analyzePolicies(snapshot: PolicySnapshot): AnalyzedPolicies {
  const all = regionsOf(snapshot);
  const regions = all.filter(({ rule, cubes }) => rule.ref.rollout === 'enforce' && cubes.length > 0);
  const candidatesOf = overlapIndexOf(regions);
  const overlaps = new Map(regions.map((region): [Region, Region[]] => [region, []]));
  let pairs = 0;
  let looked = 0;
  for (const [region, own] of overlaps) {
    if (pairs > mostPairs) break;
    looked += 1;
    for (const other of candidatesOf(region.rule)) {
      if (other.rule.index <= region.rule.index || !regionsMeet(region, other)) continue;
      pairs += 1;
      own.push(other);
      overlaps.get(other)?.push(region);
    }
  }
  return {
    snapshot,
    regions,
    vacuous: all.filter(({ cubes }) => cubes.length === 0).map(({ rule }) => rule),
    overlapsOf: (region) => overlaps.get(region) ?? [],
    isCutShort: looked < regions.length,
    budget: createBudget(),
  };
}

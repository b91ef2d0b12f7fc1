import { decide } from '../decide/decide.ts';
import type { AnalyzedPolicies } from './analyzed-policies.ts';
import { disputedDuties, dutiesOfRule } from './duties.ts';
import { type Finding, placeOf } from './finding.ts';
import type { Region } from './region.ts';
import { meetingOf, searchRequest } from './search-requests.ts';
import { requestIn, ruleMatches } from './witness.ts';

/** Denials that take a part of what other rules grant. One that lies inside the grant reads as its exception. */
export function overlapFinding(
  denial: Region,
  granting: Region,
  { snapshot, budget }: AnalyzedPolicies,
): Finding | null {
  const found = searchRequest(
    meetingOf(denial.cubes, granting.cubes),
    [],
    (cube) => {
      const request = requestIn(cube);
      const isShown =
        request !== null &&
        decide(snapshot, request).effect === 'deny' &&
        [denial, granting].every(({ rule }) => ruleMatches(rule, snapshot, request));
      return isShown ? request : null;
    },
    budget,
  );
  if (found.kind === 'none') return null;
  const isException = searchRequest(denial.cubes, [granting], requestIn, budget).kind === 'none';
  const what = isException ? 'is an exception to' : 'takes a part of';
  return {
    kind: 'overlap',
    severity: isException ? 'info' : 'warning',
    verdict: found.kind === 'some' ? 'certain' : 'unknown',
    detail: `Denial ${placeOf(denial.rule.ref)} ${what} ${placeOf(granting.rule.ref)}`,
    rules: [denial.rule.ref, granting.rule.ref],
    witness: found.kind === 'some' ? found.request : null,
  };
}

/** Rules that match together, where nothing denies, and demand the same duty in different amounts. */
export function obligationFinding(
  first: Region,
  second: Region,
  denials: readonly Region[],
  { snapshot, budget }: AnalyzedPolicies,
): Finding | null {
  const disputed = disputedDuties(dutiesOfRule(first.rule), dutiesOfRule(second.rule));
  if (disputed.length === 0) return null;
  const found = searchRequest(
    meetingOf(first.cubes, second.cubes),
    denials,
    (cube) => {
      const request = requestIn(cube);
      if (request === null) return null;
      const { matched } = decide(snapshot, request);
      return matched.includes(first.rule) && matched.includes(second.rule) ? request : null;
    },
    budget,
  );
  if (found.kind === 'none') return null;
  return {
    kind: 'conflicting-obligations',
    severity: disputed.includes('automation') ? 'warning' : 'info',
    verdict: found.kind === 'some' ? 'certain' : 'unknown',
    detail: `Rules ${placeOf(first.rule.ref)} and ${placeOf(second.rule.ref)} differ in ${disputed.join(', ')}; the strictest holds`,
    rules: [first.rule.ref, second.rule.ref],
    witness: found.kind === 'some' ? found.request : null,
  };
}

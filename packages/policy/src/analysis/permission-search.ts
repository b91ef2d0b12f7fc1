import type { CompiledRule } from '../compile/compiled-rule.ts';
import { lowerAutomation } from '../compile/obligations.ts';
import { decide } from '../decide/decide.ts';
import type { PolicyDecision } from '../decide/decision.ts';
import type { PolicyRequest } from '../decide/request.ts';
import type { AnalyzedPolicies } from './analyzed-policies.ts';
import type { Cube } from './cube.ts';
import { areAsStrict, type Duty, dutiesOf, dutiesOfRule } from './duties.ts';
import type { Region } from './region.ts';
import { type Budget, type Found, meetingOf, searchRequest } from './search-requests.ts';
import { requestIn } from './witness.ts';

/** The rules of one version that may speak about some requests. */
export interface Side {
  readonly version: Pick<AnalyzedPolicies, 'snapshot'>;
  readonly regions: readonly Region[];
}

const levels = { deny: 0, 'require-approval': 1, allow: 2 } as const;
const isDenial = ({ rule }: Region): boolean => rule.rank === 0;
const isGrant = ({ rule }: Region): boolean => rule.rank > 0;
const isAllowance = ({ rule }: Region): boolean => rule.rank === 2;
const isNoAllowance = ({ rule }: Region): boolean => rule.rank < 2;

/**
 * A request in these cubes that `side` permits more freely than `other`: with a more permissive effect, or with duties
 * that are lighter where both grant. Exact where conditions are readable.
 */
export function searchMorePermitted(cubes: readonly Cube[], side: Side, other: Side, budget: Budget): Found {
  const confirm = (cube: Cube): PolicyRequest | null => {
    const request = requestIn(cube);
    return request !== null && isMorePermitted(request, side, other) ? request : null;
  };
  const search: Search = (from, outside) => searchRequest(from, outside, confirm, budget);
  const searches = function* (): Generator<Found> {
    yield* betterEffect(cubes, side, other, [isGrant, isDenial], search);
    yield* betterEffect(cubes, side, other, [isAllowance, isNoAllowance], search);
    yield* lighterDuties(cubes, side, other, search);
  };
  let isUnsure = false;
  for (const found of searches()) {
    if (found.kind === 'some') return found;
    isUnsure ||= found.kind === 'unknown';
  }
  return isUnsure ? { kind: 'unknown' } : { kind: 'none' };
}

type Test = (region: Region) => boolean;
type Search = (cubes: readonly Cube[], outside: readonly Region[]) => Found;

/** Requests that `side` grants, nothing of its own being against it, and `other` grants not or is against. */
function* betterEffect(
  cubes: readonly Cube[],
  side: Side,
  other: Side,
  [grants, isAgainst]: readonly [Test, Test],
  search: Search,
): Generator<Found> {
  const against = side.regions.filter(isAgainst);
  const otherGrants = other.regions.filter(grants);
  const otherAgainst = other.regions.filter(isAgainst);
  for (const granting of side.regions.filter(grants)) {
    const granted = meetingOf(cubes, granting.cubes);
    if (granted.length === 0) continue;
    yield search(granted, [...against, ...otherGrants]);
    for (const contrary of otherAgainst) {
      const contested = meetingOf(granted, contrary.cubes);
      if (contested.length > 0) yield search(contested, against);
    }
  }
}

/** Duties of `other` that `side` does not know, or less strictly, where both grant. */
function* lighterDuties(cubes: readonly Cube[], side: Side, other: Side, search: Search): Generator<Found> {
  const denials = [...side.regions, ...other.regions].filter(isDenial);
  for (const { rule, cubes: own } of other.regions) {
    const duties = rule.rank === 0 ? [] : dutiesOfRule(rule);
    if (duties.length === 0) continue;
    const bound = meetingOf(cubes, own);
    for (const duty of duties) {
      const keeping = side.regions.filter((region) => isGrant(region) && areAsStrict(dutiesOfRule(region.rule), duty));
      for (const granting of side.regions.filter(isGrant)) {
        const granted = meetingOf(bound, granting.cubes);
        if (granted.length > 0) yield search(granted, [...denials, ...keeping]);
      }
    }
  }
}

function isMorePermitted(request: PolicyRequest, side: Side, other: Side): boolean {
  const [one, two] = [decide(side.version.snapshot, request), decide(other.version.snapshot, request)];
  if (levels[one.effect] > levels[two.effect]) return true;
  if (one.effect === 'deny' || two.effect === 'deny') return false;
  const duties = allDuties(one);
  return allDuties(two).some((duty) => !areAsStrict(duties, duty));
}

const allDuties = ({ obligations, matched }: PolicyDecision): readonly Duty[] =>
  dutiesOf(obligations, matched.map(({ automation }: CompiledRule) => automation).reduce(lowerAutomation, null));

import { decide } from '../decide/decide.ts';
import type { PolicyRequest } from '../decide/request.ts';
import type { AnalyzedPolicies } from './analyzed-policies.ts';
import type { Cube } from './cube.ts';
import { areAsStrict, type Duty, dutiesOfRule } from './duties.ts';
import { type Finding, placeOf } from './finding.ts';
import type { Region } from './region.ts';
import { isOpaque } from './request-variables.ts';
import { meetingOf, searchRequest } from './search-requests.ts';
import { requestIn, ruleMatches } from './witness.ts';

/** How one rule depends on others: where it matters, and what would make it matter nowhere. */
interface Demand {
  /** Matching any of these takes the rule's part over. */
  readonly covers: (other: Region) => boolean;
}

/**
 * Rules that could be left out without changing any decision or duty: shadowed, redundant, or dead by several together.
 * Later rules are looked at first, and what was found is not used against others, so all of them can be left out.
 */
export function findDeadRules(analyzed: AnalyzedPolicies): readonly Finding[] {
  const found: Finding[] = [];
  const gone = new Set<Region>();
  for (const region of analyzed.regions.toReversed()) {
    const others = analyzed.overlapsOf(region).filter((other) => !gone.has(other));
    const finding = findingAbout(region, others, analyzed);
    if (finding === null) continue;
    found.push(finding);
    if (finding.verdict === 'certain') gone.add(region);
  }
  return found.toReversed();
}

function findingAbout(region: Region, others: readonly Region[], analyzed: AnalyzedPolicies): Finding | null {
  const { snapshot, budget } = analyzed;
  const demands = demandsOf(region, others);
  const covering = demands.map(({ covers }) => others.filter(covers));
  if (covering.some((regions) => regions.length === 0)) return null;
  const own = opaqueIn(region.cubes);
  const confirmOutside = (outside: readonly Region[]) => (cube: Cube) => {
    // What is left may rest on the rule's own unreadable condition only: then it matters wherever it matches at all.
    if (isAsOpaque(cube, own)) return 'as-the-rule';
    const request = requestIn(cube);
    if (request === null || !ruleMatches(region.rule, snapshot, request)) return null;
    return outside.some(({ rule }) => ruleMatches(rule, snapshot, request)) ? null : request;
  };
  const isCoveredBy = (outside: readonly Region[]): boolean =>
    searchRequest(region.cubes, outside, confirmOutside(outside), budget).kind === 'none';
  let isUnsure = false;
  for (const outside of covering) {
    const { kind } = searchRequest(region.cubes, outside, confirmOutside(outside), budget);
    if (kind === 'some') return null;
    isUnsure ||= kind === 'unknown';
  }
  // Denials first: that a grant is denied says more than that another grants the same.
  const together = [...new Set(covering.flat())].sort(
    (a, b) => a.rule.rank - b.rule.rank || a.rule.index - b.rule.index,
  );
  if (isUnsure) return deadFinding(region, together, 'unknown', analyzed);
  const single = together.find((other) => covering.every((regions) => regions.includes(other)) && isCoveredBy([other]));
  const by = single === undefined ? leastOf(together, covering, isCoveredBy) : [single];
  return deadFinding(region, by, 'certain', analyzed);
}

/** Drops rules that the proof does not need, so that people read about those that matter. */
function leastOf(
  together: readonly Region[],
  covering: readonly (readonly Region[])[],
  isCoveredBy: (outside: readonly Region[]) => boolean,
): readonly Region[] {
  if (together.length > 24) return together;
  return together.reduceRight<readonly Region[]>((kept, candidate) => {
    const rest = kept.filter((other) => other !== candidate);
    return covering.every((regions) => isCoveredBy(rest.filter((other) => regions.includes(other)))) ? rest : kept;
  }, together);
}

function demandsOf({ rule }: Region, others: readonly Region[]): readonly Demand[] {
  if (rule.rank === 0) {
    const duties = dutiesOfRule(rule);
    const firstOther = others
      .filter(
        (other) => other.rule.rank === 0 && other.rule.index > rule.index && !areSame(dutiesOfRule(other.rule), duties),
      )
      .reduce((first, other) => Math.min(first, other.rule.index), Number.POSITIVE_INFINITY);
    return [
      { covers: (other) => other.rule.rank === 0 && (other.rule.index < rule.index || other.rule.index < firstOther) },
    ];
  }
  return [
    { covers: (other) => other.rule.rank <= rule.rank },
    ...dutiesOfRule(rule).map(
      (duty): Demand => ({
        covers: ({ rule: other }) => other.rank === 0 || areAsStrict(dutiesOfRule(other), duty),
      }),
    ),
  ];
}

const areSame = (a: readonly Duty[], b: readonly Duty[]): boolean =>
  a.length === b.length &&
  a.every(({ name, strictness }) => b.some((duty) => duty.name === name && duty.strictness === strictness));

const opaqueOf = (cube: Cube): readonly string[] =>
  [...cube].flatMap(([name, values]) =>
    isOpaque(name) && values.kind === 'flag' ? [`${String(values.mask)} ${name}`] : [],
  );

const opaqueIn = (cubes: readonly Cube[]): ReadonlySet<string> => new Set(cubes.flatMap(opaqueOf));

function isAsOpaque(cube: Cube, own: ReadonlySet<string>): boolean {
  const conditions = opaqueOf(cube);
  return conditions.length > 0 && conditions.every((condition) => own.has(condition));
}

function deadFinding(
  region: Region,
  by: readonly Region[],
  verdict: Finding['verdict'],
  { snapshot, budget }: AnalyzedPolicies,
): Finding {
  const { rule } = region;
  const isStronger = by.every((other) => other.rule.rank < rule.rank);
  const isDenied = isStronger && by.every((other) => other.rule.rank === 0);
  const kind = by.length > 1 ? 'dead' : isStronger ? 'shadowed' : 'redundant';
  const meetings = by.flatMap((other) => meetingOf(region.cubes, other.cubes));
  const witness = searchRequest(
    meetings,
    [],
    (cube) => {
      const request = requestIn(cube);
      if (request === null || !ruleMatches(rule, snapshot, request)) return null;
      return shows(snapshot, request, by) ? request : null;
    },
    budget,
  );
  const confirmed = witness.kind === 'some' ? witness.request : null;
  const names = by
    .slice(0, 4)
    .map((other) => placeOf(other.rule.ref))
    .join(', ');
  const rest = by.length > 4 ? ` and ${String(by.length - 4)} others` : '';
  const how =
    verdict === 'unknown'
      ? 'may never matter beside'
      : isStronger
        ? 'never takes effect because of'
        : 'changes nothing beside';
  return {
    kind,
    severity: isDenied && verdict === 'certain' && confirmed !== null ? 'error' : 'warning',
    verdict: confirmed === null ? 'unknown' : verdict,
    detail: `Rule ${placeOf(rule.ref)} ${how} ${names}${rest}`,
    rules: [rule, ...by.map((other) => other.rule)].map(({ ref }) => ref),
    witness: confirmed,
  };
}

/** The evaluator lets one of the others match as well, and decides no more freely than that one says. */
function shows(snapshot: AnalyzedPolicies['snapshot'], request: PolicyRequest, by: readonly Region[]): boolean {
  const { effect } = decide(snapshot, request);
  return by.some(({ rule }) => ruleMatches(rule, snapshot, request) && ranks[effect] <= rule.rank);
}

const ranks = { deny: 0, 'require-approval': 1, allow: 2 } as const;

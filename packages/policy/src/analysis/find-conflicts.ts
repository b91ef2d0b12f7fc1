import { type CompileOptions, compilePolicies } from '../compile/compile-policies.ts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import { decide } from '../decide/decide.ts';
import type { PolicyRequest } from '../decide/request.ts';
import type { Policy } from '../document/policy.ts';
import { type AnalyzedPolicies, analyzePolicies } from './analyzed-policies.ts';
import { findDeadRules } from './dead-rules.ts';
import { bySeverity, type Finding, placeOf } from './finding.ts';
import { obligationFinding, overlapFinding } from './overlap-findings.ts';
import type { Region } from './region.ts';
import { isOpaque } from './request-variables.ts';
import { searchRequest } from './search-requests.ts';
import { requestIn, ruleMatches } from './witness.ts';

export interface ConflictOptions extends CompileOptions {
  /** Requests that were seen; those that only meet the default are gaps. */
  readonly traffic?: readonly PolicyRequest[];
  /** Overlaps and differing obligations listed at most. */
  readonly mostPairs?: number;
}

const defaultMostPairs = 1_000;
/** Gaps listed at most. */
const mostGaps = 200;

/**
 * What authors of policies that govern together may not have meant, errors first. Exact on selectors and on conditions
 * that compare variables with constants; what else a condition says is taken as possible, and a finding that rests on
 * it is `unknown`. Every witness was confirmed by `decide`. Rules in `warn` and `shadow` are checked for being vacuous
 * only. Requests are taken to carry finite numbers. Never throws.
 */
export function findConflicts(policies: readonly Policy[], options: ConflictOptions = {}): readonly Finding[] {
  const compiled = compilePolicies(policies, options);
  if (!compiled.ok) {
    return compiled.errors.map(({ policy, detail, line }) => ({
      kind: 'not-compiled',
      severity: 'error',
      verdict: 'certain',
      detail: `${policy}${line === undefined ? '' : ` (line ${String(line)})`}: ${detail}`,
      rules: [],
      witness: null,
    }));
  }
  const analyzed = analyzePolicies(compiled.snapshot);
  const dead = findDeadRules(analyzed);
  const settled = new Set(dead.filter(({ verdict }) => verdict === 'certain').map(({ rules: [ref] }) => ref));
  const pairs = pairFindings(analyzed, settled, options.mostPairs ?? defaultMostPairs);
  return [
    ...analyzed.vacuous.map(vacuousFinding),
    ...doubtfulRules(analyzed),
    ...dead,
    ...pairs,
    ...gapsIn(options.traffic ?? [], compiled.snapshot),
  ].sort(bySeverity);
}

function vacuousFinding(rule: CompiledRule): Finding {
  return {
    kind: 'vacuous',
    severity: rule.rank === 2 ? 'warning' : 'error',
    verdict: 'certain',
    detail: `Rule ${placeOf(rule.ref)} matches no request`,
    rules: [rule.ref],
    witness: null,
  };
}

/** Rules that match only where an unreadable condition holds, and no try made it hold. */
function doubtfulRules({ regions, snapshot, budget }: AnalyzedPolicies): readonly Finding[] {
  return regions.flatMap(({ rule, cubes }): Finding[] => {
    if (rule.condition === null || !cubes.every((cube) => [...cube.keys()].some(isOpaque))) return [];
    const { kind } = searchRequest(
      cubes,
      [],
      (cube) => {
        const request = requestIn(cube);
        return request !== null && ruleMatches(rule, snapshot, request) ? request : null;
      },
      budget,
    );
    if (kind === 'some') return [];
    const detail = `Whether rule ${placeOf(rule.ref)} matches any request could not be decided`;
    return [{ kind: 'vacuous', severity: 'info', verdict: 'unknown', detail, rules: [rule.ref], witness: null }];
  });
}

function pairFindings(
  analyzed: AnalyzedPolicies,
  settled: ReadonlySet<CompiledRule['ref'] | undefined>,
  most: number,
): readonly Finding[] {
  const found: Finding[] = [];
  const left = (): Finding => ({
    kind: 'not-compared',
    severity: 'warning',
    verdict: 'unknown',
    detail: 'More pairs of rules overlap than are listed; the others are not among the findings',
    rules: [],
    witness: null,
  });
  for (const region of analyzed.regions) {
    if (settled.has(region.rule.ref)) continue;
    const others = analyzed.overlapsOf(region);
    for (const other of others) {
      if (settled.has(other.rule.ref)) continue;
      const finding = pairFinding(region, other, others, analyzed);
      if (finding === null) continue;
      if (found.length >= most) return [...found, left()];
      found.push(finding);
    }
  }
  return analyzed.isCutShort ? [...found, left()] : found;
}

function pairFinding(
  region: Region,
  other: Region,
  others: readonly Region[],
  analyzed: AnalyzedPolicies,
): Finding | null {
  if (region.rule.rank === 0) return other.rule.rank === 0 ? null : overlapFinding(region, other, analyzed);
  if (other.rule.rank === 0 || other.rule.index < region.rule.index) return null;
  if (!region.rule.hasDuties || !other.rule.hasDuties) return null;
  const denials = others.filter(({ rule }) => rule.rank === 0);
  return obligationFinding(region, other, denials, analyzed);
}

/** Requests that no rule speaks about, one for each action, target class, metric or target, role and purpose. */
function gapsIn(traffic: readonly PolicyRequest[], snapshot: PolicySnapshot): readonly Finding[] {
  const gaps = new Map<string, { readonly request: PolicyRequest; count: number }>();
  for (const request of traffic) {
    if (decide(snapshot, request).code !== 'default-deny') continue;
    const { action, targetClass, metric, target, role, purpose } = request;
    const key = JSON.stringify([action, targetClass, metric ?? target, role, purpose]);
    const known = gaps.get(key);
    if (known === undefined) gaps.set(key, { request, count: 1 });
    else known.count += 1;
  }
  return [...gaps.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, mostGaps)
    .map(({ request, count }) => {
      const about = request.metric ?? request.target;
      const detail = `No rule speaks about ${request.action}${about === undefined ? '' : ` on ${about}`}, seen ${String(count)} times; it is denied by default`;
      return { kind: 'gap', severity: 'warning', verdict: 'certain', detail, rules: [], witness: request };
    });
}

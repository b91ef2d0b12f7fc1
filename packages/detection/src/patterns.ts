import { causalPatterns } from './causal-patterns.ts';
import { labelPatterns } from './label-patterns.ts';
import type { Series } from './series.ts';
import type { Topology } from './topology.ts';

export type Severity = 'critical' | 'warning' | 'info';

/** A violation as the pattern rules read it; `at` is seconds since the epoch. */
export interface ViolationFact {
  readonly id: string;
  readonly component: string;
  readonly metric: string;
  readonly at: number;
  readonly severity: Severity;
  /** Host, deploy or other labels; a value shared by far more violations than chance is named. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Pattern {
  readonly kind: 'temporal' | 'spatial' | 'causal' | 'frequency';
  /** Prior of the rule in [0, 1]: how often such a pattern is real. */
  readonly confidence: number;
  readonly components: readonly string[];
  readonly violationIds: readonly string[];
  /** Seconds since the epoch of the first and the last fact. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The default rules of the domain (domain.md section 2); each number can be overridden. */
export interface PatternRules {
  readonly burstCount: number;
  readonly burstSeconds: number;
  readonly burstConfidence: number;
  readonly spatialCount: number;
  readonly spatialConfidence: number;
  /** A label value is over-represented if a random choice of components has as many of it more rarely than this. */
  readonly labelTail: number;
  readonly correlation: number;
  readonly causalConfidence: number;
  readonly frequencyCount: number;
  readonly frequencySeconds: number;
  readonly frequencyConfidence: number;
  /** Against a learned rate, a count is a frequency anomaly only if a Poisson process exceeds it more rarely than this. */
  readonly frequencyTail: number;
}

export const patternRules: PatternRules = {
  burstCount: 3,
  burstSeconds: 60,
  burstConfidence: 0.85,
  spatialCount: 3,
  spatialConfidence: 0.8,
  labelTail: 0.01,
  correlation: 0.8,
  causalConfidence: 0.75,
  frequencyCount: 8,
  frequencySeconds: 300,
  frequencyConfidence: 0.7,
  frequencyTail: 0.001,
};

export interface PatternContext {
  /** Seconds since the epoch; violations after it are ignored. The newest violation by default. */
  readonly now?: number;
  readonly series?: readonly Series[];
  readonly topology?: Topology;
  /** Violations per second that are usual here; without it the fixed count decides. */
  readonly learnedRate?: number;
  readonly rules?: Partial<PatternRules>;
}

/**
 * Temporal, spatial, causal and frequency patterns among violations. After one sort by time everything is linear in the
 * violations; the causal search looks only along edges of the call graph, or at the violating series when there is none.
 */
export function findPatterns(violations: readonly ViolationFact[], context: PatternContext = {}): Pattern[] {
  const rules = { ...patternRules, ...context.rules };
  const now = context.now ?? Number.POSITIVE_INFINITY;
  const facts = violations
    .filter((one) => Number.isFinite(one.at) && one.at <= now)
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  return [
    ...temporalPatterns(facts, rules),
    ...spatialPatterns(facts, rules),
    ...labelPatterns(facts, context.series ?? [], rules),
    ...causalPatterns(facts, context, rules),
    ...frequencyPatterns(facts, context.learnedRate, rules),
  ];
}

/** Maximal stretches in which every violation has enough neighbours inside the burst window. */
function temporalPatterns(facts: readonly ViolationFact[], rules: PatternRules): Pattern[] {
  const stretches: [number, number][] = [];
  const need = rules.burstCount - 1;
  for (let i = 0; i + need < facts.length; i++) {
    if ((facts[i + need]?.at ?? 0) - (facts[i]?.at ?? 0) > rules.burstSeconds) continue;
    const last = stretches[stretches.length - 1];
    if (last && last[1] >= i) last[1] = i + need;
    else stretches.push([i, i + need]);
  }
  return stretches.map(([first, last]) => {
    const members = facts.slice(first, last + 1);
    return patternOf(
      'temporal',
      rules.burstConfidence,
      members,
      (count, seconds) => `${count} violations within ${seconds} s: a cascade in progress`,
    );
  });
}

function spatialPatterns(facts: readonly ViolationFact[], rules: PatternRules): Pattern[] {
  const found: Pattern[] = [];
  for (const [component, members] of groupBy(facts, (one) => one.component)) {
    if (members.length < rules.spatialCount) continue;
    found.push(
      patternOf(
        'spatial',
        rules.spatialConfidence,
        members,
        (count) => `${count} violations in ${component}: misconfigured or failing`,
      ),
    );
  }
  return found;
}

/** The newest window that holds more violations than the rule, or than the learned rate makes likely. */
function frequencyPatterns(facts: readonly ViolationFact[], rate: number | undefined, rules: PatternRules): Pattern[] {
  let first = 0;
  let best: [number, number] | undefined;
  for (let last = 0; last < facts.length; last++) {
    while ((facts[last]?.at ?? 0) - (facts[first]?.at ?? 0) > rules.frequencySeconds) first++;
    const count = last - first + 1;
    if (exceeds(count, rate, rules) && (best === undefined || count >= best[1] - best[0] + 1)) best = [first, last];
  }
  if (!best) return [];
  const members = facts.slice(best[0], best[1] + 1);
  const usual = rate === undefined ? '' : `, usually ${(rate * rules.frequencySeconds).toPrecision(2)}`;
  return [
    patternOf(
      'frequency',
      rules.frequencyConfidence,
      members,
      (count, seconds) => `${count} violations in ${seconds} s${usual}: overload`,
    ),
  ];
}

function exceeds(count: number, rate: number | undefined, rules: PatternRules): boolean {
  if (rate === undefined) return count > rules.frequencyCount;
  return count >= 2 && poissonTail(count, rate * rules.frequencySeconds) < rules.frequencyTail;
}

/** Probability that a Poisson variable with this mean is at least `count`. */
export function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1;
  if (!(mean > 0)) return 0;
  let term = Math.exp(-mean);
  let below = 0;
  for (let k = 0; k < count; k++) {
    below += term;
    term *= mean / (k + 1);
  }
  return Math.max(0, 1 - below);
}

function groupBy<K>(facts: readonly ViolationFact[], keyOf: (fact: ViolationFact) => K): Map<K, ViolationFact[]> {
  const groups = new Map<K, ViolationFact[]>();
  for (const fact of facts) {
    const group = groups.get(keyOf(fact));
    if (group) group.push(fact);
    else groups.set(keyOf(fact), [fact]);
  }
  return groups;
}

/** One pattern from its violations, oldest first. */
export function patternOf(
  kind: Pattern['kind'],
  confidence: number,
  members: readonly ViolationFact[],
  sentence: (count: string, seconds: string) => string,
): Pattern {
  const from = members[0]?.at ?? 0;
  const to = members[members.length - 1]?.at ?? from;
  return {
    kind,
    confidence,
    components: [...new Set(members.map((one) => one.component))].sort(),
    violationIds: members.map((one) => one.id),
    from,
    to,
    text: sentence(String(members.length), String(Math.round(to - from))),
  };
}

import { type Pattern, type PatternRules, patternOf, type ViolationFact } from './patterns.ts';
import type { Series } from './series.ts';

/** Labels that describe an edge or a measurement, not where a component runs. */
const NOT_A_PLACE = new Set(['peer', 'side', 'level', 'source', 'destination', 'quantile', 'le']);

/**
 * Violations that share a host, a deployment or another place: label values that far more of the violating components
 * carry than a random choice among all components would (hypergeometric test).
 */
export function labelPatterns(
  facts: readonly ViolationFact[],
  series: readonly Series[],
  rules: PatternRules,
): Pattern[] {
  const carriers = new Map<string, Set<string>>();
  const components = new Set<string>();
  const note = (component: string, labels: Readonly<Record<string, string>> | undefined): void => {
    components.add(component);
    for (const [key, value] of Object.entries(labels ?? {})) {
      if (NOT_A_PLACE.has(key)) continue;
      const place = `${key}="${value}"`;
      const known = carriers.get(place) ?? new Set<string>();
      carriers.set(place, known.add(component));
    }
  };
  for (const one of series) note(one.component, one.labels);
  for (const one of facts) note(one.component, one.labels);
  const violating = new Set(facts.map((one) => one.component));
  const found: Pattern[] = [];
  for (const [place, carrying] of [...carriers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const hit = [...carrying].filter((component) => violating.has(component));
    if (hit.length < rules.spatialCount) continue;
    if (hypergeometricTail(hit.length, components.size, carrying.size, violating.size) >= rules.labelTail) continue;
    const members = facts.filter((one) => carrying.has(one.component));
    found.push(
      patternOf(
        'spatial',
        rules.spatialConfidence,
        members,
        () => `${String(hit.length)} of ${String(violating.size)} violating components share ${place}`,
      ),
    );
  }
  return found;
}

/** Probability that a random choice of `drawn` of `total` holds at least `hits` of the `marked` ones. */
function hypergeometricTail(hits: number, total: number, marked: number, drawn: number): number {
  let tail = 0;
  for (let k = hits; k <= Math.min(marked, drawn); k++) {
    if (drawn - k > total - marked) continue;
    tail += Math.exp(logChoose(marked, k) + logChoose(total - marked, drawn - k) - logChoose(total, drawn));
  }
  return tail;
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
  return sum;
}

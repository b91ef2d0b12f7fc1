import type { Pattern, PatternContext, PatternRules, ViolationFact } from './patterns.ts';
import { cleanSamples, type Series, seriesName } from './series.ts';
import { topologyOf } from './topology.ts';

/** Leads tried, in samples. Longer ones correlate by chance. */
const MAX_LEAD = 5;
/** Samples two series must share to be compared. */
const MIN_SHARED = 8;

/** Without a call graph at most this many violating series are compared with each other. */
const MAX_UNGUIDED = 32;

/**
 * Two violating series that move together, one ahead of the other. With a call graph only its edges are looked at, the
 * callee leading its caller; whole-graph causal search is near random on real systems. Without one, a bounded number of
 * violating series are compared in pairs, and the lead alone gives the direction.
 */
export function causalPatterns(
  facts: readonly ViolationFact[],
  context: PatternContext,
  rules: PatternRules,
): Pattern[] {
  const byKey = new Map<string, ViolationFact[]>();
  for (const one of facts) {
    const key = keyOf(one);
    const known = byKey.get(key);
    if (known) known.push(one);
    else byKey.set(key, [one]);
  }
  const candidates = (context.series ?? []).filter((one) => byKey.has(keyOf(one)));
  const found: Pattern[] = [];
  for (const [upstream, downstream, leastLead] of pairsOf(candidates, context)) {
    const lead = leadOf(upstream, downstream, leastLead);
    if (!lead || lead.correlation <= rules.correlation) continue;
    const members = [...(byKey.get(keyOf(upstream)) ?? []), ...(byKey.get(keyOf(downstream)) ?? [])];
    found.push(describe(members, upstream, downstream, lead, rules));
  }
  return found;
}

const keyOf = ({ component, metric }: { readonly component: string; readonly metric: string }): string =>
  JSON.stringify([component, metric]);

/** Series to compare: upstream, downstream, and the least lead that is taken for a cause. */
function pairsOf(candidates: readonly Series[], context: PatternContext): (readonly [Series, Series, number])[] {
  const { edges } = topologyOf(context.series ?? [], context.topology);
  if (edges.length === 0) {
    const some = candidates.toSorted((a, b) => (seriesName(a) < seriesName(b) ? -1 : 1)).slice(0, MAX_UNGUIDED);
    return some.flatMap((upstream) =>
      some.flatMap((downstream) =>
        upstream.component === downstream.component ? [] : [[upstream, downstream, 1] as const],
      ),
    );
  }
  const byComponent = new Map<string, Series[]>();
  for (const one of candidates) byComponent.set(one.component, [...(byComponent.get(one.component) ?? []), one]);
  return edges.flatMap(({ from: caller, to: callee }) =>
    (byComponent.get(caller) ?? []).flatMap((downstream) =>
      (byComponent.get(callee) ?? []).map((upstream) => [upstream, downstream, 0] as const),
    ),
  );
}

interface Lead {
  readonly correlation: number;
  readonly samples: number;
}

/** Best correlation over leads of at least `leastLead` samples of `upstream` before `downstream`; none if no lead is better. */
function leadOf(upstream: Series, downstream: Series, leastLead: number): Lead | undefined {
  const a = cleanSamples(upstream.timestamps, upstream.values);
  const b = cleanSamples(downstream.timestamps, downstream.values);
  const at = new Map<number, number>();
  a.times.forEach((time, i) => {
    at.set(time, a.values[i] ?? 0);
  });
  const pairs: [number, number][] = [];
  b.times.forEach((time, i) => {
    const value = at.get(time);
    if (value !== undefined) pairs.push([value, b.values[i] ?? 0]);
  });
  let best: Lead | undefined;
  for (let lead = 0; lead <= MAX_LEAD && pairs.length - lead >= MIN_SHARED; lead++) {
    const correlation = correlationOf(pairs, lead);
    if (best === undefined || correlation > best.correlation + 1e-9) best = { correlation, samples: lead };
  }
  return best && best.samples >= leastLead ? best : undefined;
}

function correlationOf(pairs: readonly (readonly [number, number])[], lead: number): number {
  const n = pairs.length - lead;
  let sumX = 0;
  let sumY = 0;
  for (let i = 0; i < n; i++) {
    sumX += pairs[i]?.[0] ?? 0;
    sumY += pairs[i + lead]?.[1] ?? 0;
  }
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < n; i++) {
    const x = (pairs[i]?.[0] ?? 0) - sumX / n;
    const y = (pairs[i + lead]?.[1] ?? 0) - sumY / n;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

function describe(
  facts: readonly ViolationFact[],
  upstream: Series,
  downstream: Series,
  lead: Lead,
  rules: PatternRules,
): Pattern {
  const members = facts.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const ahead = lead.samples === 0 ? 'together with' : `${String(lead.samples)} samples ahead of`;
  return {
    kind: 'causal',
    confidence: rules.causalConfidence,
    components: [upstream.component, downstream.component],
    violationIds: members.map((one) => one.id),
    from: members[0]?.at ?? 0,
    to: members[members.length - 1]?.at ?? 0,
    text: `${seriesName(upstream)} moves ${ahead} ${seriesName(downstream)} (correlation ${lead.correlation.toFixed(2)}): upstream cause, downstream symptom`,
  };
}

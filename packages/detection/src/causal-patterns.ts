import type { Pattern, PatternContext, PatternRules, ViolationFact } from './patterns.ts';
import { cleanSamples, type Series, seriesName } from './series.ts';
import { topologyOf } from './topology.ts';

/** Leads tried, in samples. Longer ones correlate by chance. */
const MAX_LEAD = 5;
/** Samples two series must share to be compared. */
const MIN_SHARED = 8;

/**
 * Two series that move together, one ahead of the other. Pairs come from edges of the call graph (the callee may lead
 * its caller); whole-graph causal search is near random on real systems, so it is not tried.
 */
export function causalPatterns(
  facts: readonly ViolationFact[],
  context: PatternContext,
  rules: PatternRules,
): Pattern[] {
  const violating = new Set(facts.map((one) => JSON.stringify([one.component, one.metric])));
  const candidates = new Map<string, Series[]>();
  for (const one of context.series ?? []) {
    if (!violating.has(JSON.stringify([one.component, one.metric]))) continue;
    const list = candidates.get(one.component);
    if (list) list.push(one);
    else candidates.set(one.component, [one]);
  }
  const found: Pattern[] = [];
  for (const { from: caller, to: callee } of topologyOf(context.series ?? [], context.topology).edges) {
    for (const downstream of candidates.get(caller) ?? []) {
      for (const upstream of candidates.get(callee) ?? []) {
        const lead = leadOf(upstream, downstream);
        if (lead && lead.correlation > rules.correlation)
          found.push(describe(facts, upstream, downstream, lead, rules));
      }
    }
  }
  return found;
}

interface Lead {
  readonly correlation: number;
  readonly samples: number;
}

/** Best correlation of changes over leads of zero to a few samples of `upstream` before `downstream`. */
function leadOf(upstream: Series, downstream: Series): Lead | undefined {
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
  return best;
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
  const members = facts.filter(
    (one) =>
      (one.component === upstream.component && one.metric === upstream.metric) ||
      (one.component === downstream.component && one.metric === downstream.metric),
  );
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

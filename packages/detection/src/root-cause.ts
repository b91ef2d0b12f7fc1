import { type ComponentFacts, componentFacts } from './component-facts.ts';
import { type Calibration, calibratedConfidence, calibration } from './confidence.ts';
import { evidenceOf } from './evidence.ts';
import { metricKindOf } from './metric-kind.ts';
import { type Series, withEdgeLabels } from './series.ts';
import { reachFrom, type Topology, topologyOf } from './topology.ts';
import { type RootCauseTuning, rootCauseTuning } from './tuning.ts';

/** What root-cause ranking reads: series around the incident, with history before `detectedAt` (seconds since the epoch). */
export interface RootCauseInput {
  readonly detectedAt: number;
  readonly series: readonly Series[];
  /** Caller → callee. When absent it is read from `peer`, `source` and `destination` labels, if there are any. */
  readonly topology?: Topology;
  /** Where the problem was noticed. Components it does not reach through calls are unlikely culprits. */
  readonly symptom?: { readonly component: string; readonly metric?: string };
}

/** One series that speaks for a root cause. */
export interface Evidence {
  readonly series: string;
  /** Seconds since the epoch. */
  readonly changedAt: number;
  /** Signed, in floored robust standard deviations of the series itself. */
  readonly deviation: number;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface RootCause {
  readonly component: string;
  readonly metric: string;
  /** The fused score that ranks, 0 and up; calibration turns it into the confidence. */
  readonly score: number;
  /** Probability in [0, 1] that this component is the culprit. */
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
}

export interface RootCauseAnswer {
  readonly rootCauses: readonly RootCause[];
  readonly confidence: number;
  readonly verdict: 'determined' | 'undetermined';
}

export interface RootCauseOptions {
  readonly tuning?: Partial<RootCauseTuning>;
  /** Refitted confidence; by default the one fitted on the development data. */
  readonly calibration?: Calibration;
  /** At most this many root causes are returned; all components by default. */
  readonly limit?: number;
}

/**
 * Ranks components by how well each explains the incident: its own deviation, what is left of it after its callees are
 * taken into account, the part of edge latency that arises between client and server, and how its log and call mix
 * changed. The order does not depend on the order of the input.
 */
export function rankRootCauses(input: RootCauseInput, options: RootCauseOptions = {}): RootCauseAnswer {
  const tuning = { ...rootCauseTuning, ...options.tuning };
  const series = input.series.map(withEdgeLabels);
  const topology = topologyOf(series, input.topology);
  const symptomKind = input.symptom?.metric === undefined ? undefined : metricKindOf(input.symptom.metric);
  const facts = componentFacts(series, input.detectedAt, topology, symptomKind, tuning);
  const reach = reachFrom(topology, input.symptom?.component);
  const scored = facts
    .map((fact) => ({ fact, score: fusedScore(fact, reach, tuning) }))
    .sort((a, b) => b.score - a.score || (a.fact.component < b.fact.component ? -1 : 1));
  const confidences = calibratedConfidence(
    scored.map(({ score }) => score),
    options.calibration ?? calibration,
  );
  const rootCauses = scored.slice(0, options.limit ?? scored.length).map(({ fact, score }, rank) => ({
    component: fact.component,
    metric: fact.metric,
    score,
    confidence: confidences[rank] ?? 0,
    evidence: evidenceOf(fact, input.detectedAt, tuning),
  }));
  const best = rootCauses[0];
  const confidence = best?.confidence ?? 0;
  const determined = best !== undefined && best.evidence.length > 0 && confidence >= tuning.determinedFrom;
  return {
    rootCauses,
    confidence,
    verdict: determined ? 'determined' : 'undetermined',
  };
}

function fusedScore(fact: ComponentFacts, reach: ReadonlySet<string>, tuning: RootCauseTuning): number {
  const reached = reach.size === 0 || reach.has(fact.component);
  return (
    (fact.residual + tuning.gapWeight * fact.gap + tuning.mixWeight * fact.mix) *
    (reached ? 1 : tuning.unreachableFactor)
  );
}

import {
  findPatterns,
  type RootCause as RankedCause,
  rankRootCauses,
  type Series,
  type Topology,
  type ViolationFact,
} from '@charter/detection';
import type { Evidence, Pattern, RootCause } from '@charter/shared/contracts';
import { loneLeafCause } from './lone-leaf.ts';

/** What a finding is drawn from. Series cover the time before and after `detectedAt` (seconds since the epoch). */
export interface Facts {
  readonly detectedAt: number;
  readonly violations: readonly ViolationFact[];
  readonly series: readonly Series[];
  readonly topology: Topology | null;
  readonly symptom: { readonly component: string; readonly metric?: string } | null;
}

/** The answer to an incident, before it has an id and a place among other incidents. */
export interface Finding {
  readonly verdict: 'determined' | 'undetermined';
  readonly patterns: Pattern[];
  readonly rootCauses: RootCause[];
  readonly recommendations: string[];
  readonly confidence: number;
}

const most = { rootCauses: 50, evidence: 5, patterns: 50 };

/** Patterns and ranked root causes; the same facts always give the same finding. */
export function findCause({ detectedAt, violations, series, topology, symptom }: Facts): Finding {
  const calls = topology === null ? {} : { topology };
  const patterns = findPatterns(violations, { series, ...calls })
    .slice(0, most.patterns)
    .map(({ kind, confidence, components, text }) => ({
      kind,
      confidence,
      components: [...components],
      description: text,
    }));
  const ranked = rankRootCauses(
    { detectedAt, series, ...calls, ...(symptom === null ? {} : { symptom }) },
    { limit: most.rootCauses },
  );
  const floor = ranked.verdict === 'undetermined' ? loneLeafCause(violations, topology) : null;
  const found = ranked.rootCauses.map(rootCauseFrom);
  const rootCauses = floor ? [floor, ...found.filter(({ component }) => component !== floor.component)] : found;
  const verdict = floor ? 'determined' : ranked.verdict;
  return {
    verdict,
    patterns,
    rootCauses,
    recommendations: recommendationsFrom(verdict, rootCauses, patterns, series.length),
    confidence: floor?.confidence ?? ranked.confidence,
  };
}

function rootCauseFrom(cause: RankedCause): RootCause {
  return {
    component: cause.component,
    metric: cause.metric,
    confidence: cause.confidence,
    evidence: cause.evidence.slice(0, most.evidence).map(
      (piece): Evidence => ({
        series: piece.series,
        changedAt: Number.isFinite(piece.changedAt) ? new Date(piece.changedAt * 1_000).toISOString() : null,
        before: finite(piece.from),
        after: finite(piece.to),
        deviation: finite(piece.deviation),
        text: piece.text,
      }),
    ),
  };
}

function recommendationsFrom(
  verdict: Finding['verdict'],
  rootCauses: readonly RootCause[],
  patterns: readonly Pattern[],
  seriesCount: number,
): string[] {
  const [best, second] = rootCauses;
  if (verdict === 'undetermined' || !best) {
    return seriesCount === 0
      ? ['No series could be read around the incident: check that the targets of the pack name their signals.']
      : ['No component stands out from its own past: a person should look before anything acts.'];
  }
  const cascade = patterns.find(({ kind }) => kind === 'temporal');
  return [
    `Look at ${best.component} first: ${best.evidence[0]?.text ?? `${best.metric} moved most`}.`,
    ...(second && second.confidence > best.confidence / 2
      ? [`If ${best.component} turns out well, ${second.component} (${second.metric}) is the next suspect.`]
      : []),
    ...(cascade ? [`${cascade.description}: treat the cause before its symptoms.`] : []),
  ];
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

import type { ChangedSeries } from './changed-series.ts';
import type { MetricKind } from './metric-kind.ts';
import type { RootCauseTuning } from './tuning.ts';

/** What users notice comes last: slow and failing requests are what a cause looks like, seldom the cause. */
const rankOf: Readonly<Record<MetricKind, number>> = {
  other: 0,
  saturation: 0,
  host: 0,
  log: 0,
  traffic: 1,
  latency: 2,
  failure: 2,
  success: 2,
};

/** A change counts as a candidate from this share of the component's strongest one. */
const notableShare = 0.4;

/** What moved, but stayed where its owners accept it, is a side effect of whatever is out of order. */
const inOrderRank = 3;

/**
 * The changes of one component, the one that explains the others first: state and saturation before traffic before symptoms
 * before what is still in order, then whichever began first. Weak changes stay behind the strong ones, in the order given.
 */
export function explainingFirst(
  byStrength: readonly ChangedSeries[],
  { changedFrom }: Pick<RootCauseTuning, 'changedFrom'>,
): ChangedSeries[] {
  const notable = (byStrength[0]?.strength ?? 0) * notableShare;
  const [best] = byStrength
    .filter(
      ({ strength, kind, change }) =>
        (strength > 0 && strength >= notable) ||
        // More demand makes no culprit, so its weight is small; but it explains why one is slow or turns requests away.
        (kind === 'traffic' && change.deviation >= changedFrom),
    )
    .sort(
      (a, b) =>
        explainingRank(a) - explainingRank(b) ||
        a.change.changedAt - b.change.changedAt ||
        b.strength - a.strength ||
        (a.name < b.name ? -1 : 1),
    );
  return best ? [best, ...byStrength.filter((one) => one !== best)] : [...byStrength];
}

const explainingRank = (one: ChangedSeries): number => (stayedAccepted(one) ? inOrderRank : rankOf[one.kind]);

function stayedAccepted({ series, change }: ChangedSeries): boolean {
  if (series.accepted === undefined) return false;
  const { lowest = Number.NEGATIVE_INFINITY, highest = Number.POSITIVE_INFINITY } = series.accepted;
  for (let i = 0; i < series.values.length; i++) {
    const value = series.values[i] ?? Number.NaN;
    if ((series.timestamps[i] ?? Number.NaN) >= change.changedAt && (value < lowest || value > highest)) return false;
  }
  return true;
}

import type { ChangedSeries } from './changed-series.ts';
import type { MetricKind } from './metric-kind.ts';

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

/**
 * The changes of one component, the one that explains the others first: state and saturation before traffic before symptoms,
 * then whichever began first. Weak changes stay behind the strong ones, in the order given.
 */
export function explainingFirst(byStrength: readonly ChangedSeries[]): ChangedSeries[] {
  const notable = (byStrength[0]?.strength ?? 0) * notableShare;
  const [best] = byStrength
    .filter(({ strength }) => strength > 0 && strength >= notable)
    .sort(
      (a, b) =>
        rankOf[a.kind] - rankOf[b.kind] ||
        a.change.changedAt - b.change.changedAt ||
        b.strength - a.strength ||
        (a.name < b.name ? -1 : 1),
    );
  return best ? [best, ...byStrength.filter((one) => one !== best)] : [...byStrength];
}

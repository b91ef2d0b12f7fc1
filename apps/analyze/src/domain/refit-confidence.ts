import type { Finding } from './find-cause.ts';

/** What confidences proved to be worth, ascending, and how far they may be moved by it. */
export interface Refit {
  readonly points: ReadonlyArray<{ readonly from: number; readonly to: number }>;
  readonly bound: number;
}

/** A finding with every confidence moved to what it stands for; the order of the causes stays. */
export function refitFinding(finding: Finding, refit: Refit): Finding {
  if (refit.points.length === 0 || refit.bound === 0) return finding;
  return {
    ...finding,
    rootCauses: finding.rootCauses.map((cause) => ({ ...cause, confidence: refitConfidence(cause.confidence, refit) })),
    confidence: refitConfidence(finding.confidence, refit),
  };
}

/** Between two points on their line, beyond them moved as far as the nearest; never further than the bound. */
export function refitConfidence(confidence: number, { points, bound }: Refit): number {
  const above = points.findIndex(({ from }) => from >= confidence);
  const upper = points[above < 0 ? points.length - 1 : above];
  const lower = points[above <= 0 ? (above === 0 ? 0 : points.length - 1) : above - 1];
  if (!upper || !lower) return confidence;
  const span = upper.from - lower.from;
  const share = span <= 0 ? 0 : (confidence - lower.from) / span;
  const shift = (1 - share) * (lower.to - lower.from) + share * (upper.to - upper.from);
  return Math.min(1, Math.max(0, confidence + Math.min(bound, Math.max(-bound, shift))));
}

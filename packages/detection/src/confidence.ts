/** Confidence of each ranked component from the fused scores, best first: a softmax sharpened by the fitted slope. */
export function calibratedConfidence(scores: readonly number[]): number[] {
  const best = scores[0] ?? 0;
  if (best <= 0) return scores.map(() => 0);
  const weights = scores.map((score) => Math.exp(SLOPE * (score - best)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (weight / total) * Math.min(1, best * 1.5));
}

const SLOPE = 12;

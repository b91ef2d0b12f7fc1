/** Turns fused scores into probabilities: logistic in the best score and its lead, then a monotone correction. */
export interface Calibration {
  readonly intercept: number;
  /** Weight of the best score. */
  readonly score: number;
  /** Weight of its lead over the second. */
  readonly lead: number;
  /** Steps of an isotonic correction, ascending; empty for none. */
  readonly steps: readonly { readonly from: number; readonly confidence: number }[];
}

/** One analysis whose outcome is known. */
export interface CalibrationSample {
  readonly score: number;
  readonly lead: number;
  readonly correct: boolean;
}

/** Fitted by `fitCalibration` on the 66 development cases; Knowledge refits it on outcomes. */
export const calibration: Calibration = { intercept: 0.61, score: 0.39, lead: 4.91, steps: [] };

/** Confidence of each ranked component from the fused scores, best first; together at most one. */
export function calibratedConfidence(scores: readonly number[], model: Calibration = calibration): number[] {
  const best = scores[0] ?? 0;
  if (best <= 0) return scores.map(() => 0);
  const top = corrected(logistic(model, best, best - Math.max(0, scores[1] ?? 0)), model);
  const others = scores.slice(1).map((score) => Math.exp(SHARPNESS * (score - best)));
  const total = others.reduce((sum, weight) => sum + weight, 0);
  return [top, ...others.map((weight) => (total > 0 ? Math.min(top, ((1 - top) * KNOWN * weight) / total) : 0))];
}

/** How quickly the rest of the probability falls with the score. */
const SHARPNESS = 8;
/** Share of the remaining probability that goes to other known components; the rest is for causes nobody measures. */
const KNOWN = 0.8;

function logistic(model: Calibration, score: number, lead: number): number {
  const certainty =
    1 / (1 + Math.exp(-(model.intercept + model.score * score + model.lead * Math.min(lead, CLEAR_LEAD))));
  return certainty * Math.min(1, score / FAINT_SCORE);
}

/** A lead beyond this is as clear as it gets. Fitted. */
const CLEAR_LEAD = 0.4;
/** Below this nothing much has changed anywhere: whoever is first is so by chance. Best scores of fault-free hours. */
const FAINT_SCORE = 0.35;

function corrected(confidence: number, { steps }: Calibration): number {
  let answer = confidence;
  for (const step of steps) if (confidence >= step.from) answer = step.confidence;
  return answer;
}

/** Weight decay: keeps the fit sane with few or separable samples. */
const RIDGE = 0.01;
/** Samples from which an isotonic correction is worth its variance. */
const ISOTONIC_FROM = 200;

/** Logistic regression by gradient steps, then pool-adjacent-violators when there are enough samples. */
export function fitCalibration(samples: readonly CalibrationSample[]): Calibration {
  if (samples.length === 0) return calibration;
  let model: Calibration = { intercept: 0, score: 0, lead: 0, steps: [] };
  for (let step = 0; step < 20_000; step++) {
    let intercept = 0;
    let score = RIDGE * model.score;
    let lead = RIDGE * model.lead * 0.1;
    for (const sample of samples) {
      const error = (logistic(model, sample.score, sample.lead) - (sample.correct ? 1 : 0)) / samples.length;
      intercept += error;
      score += error * sample.score;
      lead += error * Math.min(sample.lead, CLEAR_LEAD);
    }
    model = {
      ...model,
      intercept: model.intercept - intercept,
      score: model.score - score,
      lead: model.lead - 4 * lead,
    };
  }
  return samples.length < ISOTONIC_FROM ? model : { ...model, steps: isotonicSteps(samples, model) };
}

function isotonicSteps(samples: readonly CalibrationSample[], model: Calibration): Calibration['steps'] {
  const points = samples
    .map((sample) => ({ from: logistic(model, sample.score, sample.lead), sum: sample.correct ? 1 : 0, count: 1 }))
    .sort((a, b) => a.from - b.from);
  const blocks: { from: number; sum: number; count: number }[] = [];
  for (const point of points) {
    const same = blocks[blocks.length - 1];
    if (same?.from === point.from) {
      same.sum += point.sum;
      same.count += point.count;
    } else blocks.push({ ...point });
  }
  return pooled(blocks).map(({ from, sum, count }) => ({ from, confidence: (sum + 1) / (count + 2) }));
}

interface Block {
  readonly from: number;
  readonly sum: number;
  readonly count: number;
}

/** Pool adjacent violators: neighbors that fall are merged until the means rise. */
function pooled(points: readonly Block[]): Block[] {
  const blocks: Block[] = [];
  for (const point of points) {
    blocks.push(point);
    for (let top = blocks.length - 1; top > 0; top = blocks.length - 1) {
      const [last, previous] = [blocks[top], blocks[top - 1]];
      if (!last || !previous || previous.sum / previous.count < last.sum / last.count) break;
      blocks.splice(top - 1, 2, {
        from: previous.from,
        sum: previous.sum + last.sum,
        count: previous.count + last.count,
      });
    }
  }
  return blocks;
}

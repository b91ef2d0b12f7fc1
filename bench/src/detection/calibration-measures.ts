/** One answer: how sure it was and whether it was right. */
export interface Answer {
  readonly set: string;
  readonly confidence: number;
  readonly correct: boolean;
}

/** Expected calibration error in ten bins, Brier score, and how well confidence tells right from wrong within a system. */
export function calibrationMeasures(answers: readonly Answer[]): { ece: number; brier: number; auroc: number } {
  const bins = Array.from({ length: 10 }, () => ({ confidence: 0, correct: 0 }));
  let brier = 0;
  for (const { confidence, correct } of answers) {
    const bin = bins[Math.min(9, Math.floor(confidence * 10))];
    if (bin) {
      bin.confidence += confidence;
      bin.correct += correct ? 1 : 0;
    }
    brier += (confidence - (correct ? 1 : 0)) ** 2 / answers.length;
  }
  const ece = bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.correct), 0) / answers.length;
  let wins = 0;
  let pairs = 0;
  for (const right of answers.filter((one) => one.correct)) {
    for (const wrong of answers.filter((one) => !one.correct && one.set === right.set)) {
      pairs++;
      wins += right.confidence > wrong.confidence ? 1 : right.confidence === wrong.confidence ? 0.5 : 0;
    }
  }
  return { ece, brier, auroc: pairs > 0 ? wins / pairs : Number.NaN };
}

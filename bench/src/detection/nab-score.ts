/** The Numenta Anomaly Benchmark score, version 1.1 (Lavin and Ahmad 2015), on any corpus of labelled series. */

export type NabProfile = 'standard' | 'lowFp' | 'lowFn';

const PROFILES: Readonly<Record<NabProfile, { readonly miss: number; readonly alarm: number }>> = {
  standard: { miss: 1, alarm: 0.11 },
  lowFp: { miss: 1, alarm: 0.22 },
  lowFn: { miss: 2, alarm: 0.11 },
};

export interface NabSeries {
  readonly times: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  /** First and last time of each labelled window, both inclusive. */
  readonly windows: readonly (readonly [number, number])[];
}

export interface NabResult {
  readonly score: number;
  readonly threshold: number;
  readonly windowsHit: number;
  readonly falseRows: number;
}

interface Point {
  readonly score: number;
  readonly weight: number;
  readonly window: number;
}

const sigmoid = (x: number): number => (x > 3 ? -1 : 2 / (1 + Math.exp(5 * x)) - 1);

/** 100 = every window found at its first row and no false alarm, 0 = no detection at all. One threshold for the corpus. */
export function nabScore(corpus: readonly NabSeries[], profile: NabProfile, fixedThreshold?: number): NabResult {
  const { miss, alarm } = PROFILES[profile];
  const points: Point[] = [];
  let windows = 0;
  for (const series of corpus) {
    collect(series, alarm, windows, points);
    windows += series.windows.length;
  }
  points.sort((a, b) => b.score - a.score);
  const reachable = new Set(points.filter((point) => point.window >= 0).map((point) => point.window));
  const gains = new Map<number, number>();
  let raw = -miss * reachable.size;
  let falseRows = 0;
  let best = { raw, threshold: 1.1, windowsHit: 0, falseRows: 0 };
  let fixed = best;
  for (let i = 0; i < points.length; ) {
    const threshold = points[i]?.score ?? 0;
    if (fixedThreshold !== undefined && threshold < fixedThreshold) break;
    for (; i < points.length && points[i]?.score === threshold; i++) {
      const { weight, window } = points[i] ?? { weight: 0, window: -1 };
      if (window < 0) {
        raw += weight;
        falseRows++;
        continue;
      }
      const known = gains.get(window) ?? -miss;
      if (!gains.has(window) || weight > known) {
        const gain = Math.max(-miss, weight);
        raw += gain - known;
        gains.set(window, gain);
      }
    }
    fixed = { raw, threshold, windowsHit: gains.size, falseRows };
    if (raw > best.raw) best = fixed;
  }
  const result = fixedThreshold === undefined ? best : { ...fixed, threshold: fixedThreshold };
  return { ...result, score: (100 * (result.raw + miss * windows)) / ((1 + miss) * windows) };
}

/** Adds each row after the probation with what it gains or costs as a detection. */
function collect(series: NabSeries, alarm: number, firstWindow: number, points: Point[]): void {
  const { times, scores } = series;
  const rows = times.length;
  const probation = Math.min(Math.floor(0.15 * rows), 750);
  const index = new Map<number, number>();
  for (let i = rows - 1; i >= 0; i--) index.set(times[i] ?? 0, i);
  const spans = series.windows.map(([from, to]) => [index.get(from) ?? -1, index.get(to) ?? -1] as const);
  let current = 0;
  let previousEnd = -1;
  let previousWidth = 0;
  for (let i = 0; i < rows; i++) {
    for (let span = spans[current]; span && i > span[1]; span = spans[++current]) {
      previousEnd = span[1];
      previousWidth = span[1] - span[0] + 1;
    }
    if (i < probation) continue;
    const score = scores[i] ?? 0;
    const span = spans[current];
    if (span && i >= span[0]) {
      const place = -(span[1] - i + 1) / (span[1] - span[0] + 1);
      points.push({ score, weight: sigmoid(place) / sigmoid(-1), window: firstWindow + current });
    } else {
      const cost = previousEnd < 0 ? -1 : sigmoid((i - previousEnd) / (previousWidth - 1));
      points.push({ score, weight: alarm * cost, window: -1 });
    }
  }
}

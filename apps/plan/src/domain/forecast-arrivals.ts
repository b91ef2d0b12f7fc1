/** Arrivals a second, for each of the next periods. */
export interface ArrivalForecast {
  readonly mean: readonly number[];
  /**
   * Standard deviation of what one period brings around its mean: the share of the rate by which past forecasts of the
   * same reach were off, since busy times vary more than quiet ones.
   */
  readonly deviation: readonly number[];
  /** How many past forecasts the deviations come from. */
  readonly evidence: number;
}

export interface ForecastSettings {
  /** Samples in one period, and periods to look ahead. */
  readonly samplesPerPeriod: number;
  readonly periods: number;
}

/** What is expected when all that is known is the rate now. */
export function steadyForecast(rate: number, periods: number): ArrivalForecast {
  return {
    mean: new Array<number>(periods).fill(rate),
    deviation: Array.from({ length: periods }, (_, reach) => priorShareAt(reach) * Math.max(1, rate)),
    evidence: priorWeight,
  };
}

const priorShareAt = (reach: number): number => priorShare * Math.sqrt(reach + 1);

interface Smoothing {
  readonly level: number;
  readonly trend: number;
}

/** Smoothings to choose from; the one whose forecasts were best so far is used. */
const smoothings: readonly Smoothing[] = [0.2, 0.4, 0.7].flatMap((level) =>
  [0.02, 0.08, 0.2].map((trend) => ({ level, trend })),
);
/** How much of the trend is left a period later. */
const damping = 0.9;
/** How much an error counts a period later. */
const memory = 0.96;
/** Share of the rate by which a forecast is believed to be off before it was seen to be, worth `priorWeight` forecasts. */
const priorShare = 0.06;
const priorWeight = 3;

/**
 * Level and damped trend (Holt) over equally long samples of the arrival rate, oldest first. Of several smoothings the
 * one wins whose forecasts of the next two periods were closest, recent ones counting more.
 */
export function forecastArrivals(samples: readonly number[], settings: ForecastSettings): ArrivalForecast {
  const runs = smoothings.map((smoothing) => followed(samples, smoothing, settings));
  const [first, ...rest] = runs;
  if (!first) throw new Error('there is no smoothing');
  return rest.reduce((best, run) => (run.loss < best.loss ? run : best), first);
}

function followed(
  samples: readonly number[],
  smoothing: Smoothing,
  { samplesPerPeriod, periods }: ForecastSettings,
): ArrivalForecast & { loss: number } {
  const damped = damping ** (1 / samplesPerPeriod);
  const squares = new Float64Array(periods);
  const weights = new Float64Array(periods);
  const made: Float64Array[] = [];
  let level = samples[0] ?? 0;
  let trend = 0;
  let sum = 0;
  let ahead: Float64Array = new Float64Array(periods).fill(level);
  for (const [index, sample] of samples.entries()) {
    const expected = level + damped * trend;
    const next = expected + smoothing.level * (sample - expected);
    trend = damped * trend + smoothing.trend * (next - level - damped * trend);
    level = next;
    sum += sample;
    if ((index + 1) % samplesPerPeriod !== 0) continue;
    for (let reach = 0; reach < periods; reach += 1) {
      const forecast = made[made.length - 1 - reach];
      squares[reach] = memory * (squares[reach] ?? 0);
      weights[reach] = memory * (weights[reach] ?? 0);
      if (!forecast) continue;
      const rate = sum / samplesPerPeriod;
      squares[reach] = (squares[reach] ?? 0) + ((rate - (forecast[reach] ?? 0)) / Math.max(1, rate)) ** 2;
      weights[reach] = (weights[reach] ?? 0) + 1;
    }
    sum = 0;
    ahead = pathFrom(level, trend, damped, samplesPerPeriod, periods);
    made.push(ahead);
  }
  const deviation = Array.from(squares, (square, reach) => {
    const share = Math.sqrt((square + priorWeight * priorShareAt(reach) ** 2) / ((weights[reach] ?? 0) + priorWeight));
    return share * Math.max(1, ahead[reach] ?? 0);
  });
  return {
    mean: Array.from(ahead),
    deviation,
    evidence: (weights[0] ?? 0) + priorWeight,
    loss: (squares[0] ?? 0) + (squares[1] ?? 0),
  };
}

/** Mean rate of each of the next periods along the damped trend. */
function pathFrom(level: number, trend: number, damped: number, perPeriod: number, periods: number): Float64Array {
  const path = new Float64Array(periods);
  let at = level;
  let slope = trend;
  for (let period = 0; period < periods; period += 1) {
    let sum = 0;
    for (let n = 0; n < perPeriod; n += 1) {
      slope *= damped;
      at += slope;
      sum += at;
    }
    path[period] = Math.max(0, sum / perPeriod);
  }
  return path;
}

import { type Calibration, type CapacityModel, demandOf } from './capacity-model.ts';

/** What a stretch of time meets: the servers that take requests, by how many each has served, and the work they hold. */
export interface Load {
  readonly served: readonly number[];
  readonly dimmer: number;
  /** Requests a second, shared evenly between the servers. */
  readonly rate: number;
  /** Requests inside when the stretch begins. */
  readonly jobs: number;
  readonly seconds: number;
}

/** Steps a stretch is cut into. */
const steps = 6;

/**
 * Mean response time over a stretch, in seconds. Each server is a processor-sharing queue whose jobs follow the pointwise
 * stationary fluid flow: N' = rate − N / ((N + burstiness) · demand). That is right when little changes, when work piles
 * up and when it drains; the stretch is solved by implicit steps, which are stable however fast the queue settles.
 */
export function predictResponse(model: CapacityModel, load: Load, { burstiness, demandScale }: Calibration): number {
  const count = load.served.length;
  const rate = load.rate / count;
  const step = load.seconds / steps;
  let jobSeconds = 0;
  let departures = 0;
  for (const served of load.served) {
    let jobs = load.jobs / count;
    let seen = served;
    for (let n = 0; n < steps; n += 1) {
      const speed = 1 / (demandScale * demandOf(model, load.dimmer, seen + (rate * step) / 2));
      const came = jobs + rate * step;
      const half = (burstiness + speed * step - came) / 2;
      jobs = Math.sqrt(half * half + burstiness * came) - half;
      jobSeconds += jobs * step;
      departures += Math.max(0, came - jobs);
      seen += rate * step;
    }
  }
  return departures > 0 ? jobSeconds / departures : Number.POSITIVE_INFINITY;
}

/** Rates tried from the highest down before the limit is narrowed. */
const coarseSteps = 12;

/**
 * The highest rate whose mean response keeps within the threshold, in requests a second. With work inside, very few new
 * requests may be late on average where more are not, so the limit is looked for from above.
 */
export function carriedRate(model: CapacityModel, load: Omit<Load, 'rate'>, calibration: Calibration): number {
  const isLate = (rate: number): boolean =>
    predictResponse(model, { ...load, rate }, calibration) > model.thresholdSeconds;
  const fastest = demandOf(model, load.dimmer, Number.POSITIVE_INFINITY) * calibration.demandScale;
  const width = (1.2 * load.served.length) / fastest / coarseSteps;
  let low = coarseSteps * width;
  while (low > 0 && isLate(low)) low = low > 1.5 * width ? low - width : 0;
  if (low === 0) return 0;
  let high = low + width;
  for (let n = 0; n < 10; n += 1) {
    const middle = (low + high) / 2;
    if (isLate(middle)) high = middle;
    else low = middle;
  }
  return low;
}

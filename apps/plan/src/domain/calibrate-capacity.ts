import { type Calibration, type CapacityModel, demandOf } from './capacity-model.ts';

/** One past period as it was measured. */
export interface MeasuredPeriod {
  readonly rate: number;
  readonly dimmer: number;
  /** Requests each server that took requests had served, at the middle of the period. */
  readonly served: readonly number[];
  /** Sum of the servers' busy shares. */
  readonly utilization: number;
  readonly responseSeconds: number;
}

/** Periods that the model's own assumption is worth against measurements. */
const priorPeriods = 2;
/** Recent periods that count. */
const mostPeriods = 30;
/** Outside of these shares of its capacity a pool tells nothing about how requests queue. */
const tellingLoad = { least: 0.4, most: 0.93 };
/** A pool busier than this may have had more to do than it could. */
const saturated = 0.97;

/** Compares what was measured with what the model says; few periods change little. */
export function calibrate(model: CapacityModel, periods: readonly MeasuredPeriod[]): Calibration {
  const recent = periods.slice(-mostPeriods);
  let scales = priorPeriods;
  let scaleWeight = priorPeriods;
  for (const { rate, dimmer, served, utilization } of recent) {
    const share = utilization / served.length;
    const expected = rate * meanDemand(model, dimmer, served);
    if (!(share < saturated) || !(expected > 0.05)) continue;
    scales += utilization / expected;
    scaleWeight += 1;
  }
  const demandScale = clamp(scales / scaleWeight, 0.5, 2);

  let waits = priorPeriods;
  let waitWeight = priorPeriods;
  for (const { rate, dimmer, served, utilization, responseSeconds } of recent) {
    const share = utilization / served.length;
    if (share < tellingLoad.least || share > tellingLoad.most || !(rate > 0)) continue;
    const demand = demandScale * meanDemand(model, dimmer, served);
    // Heavy load says more about waiting than light load does.
    waits += share * clamp((responseSeconds * (1 - share)) / demand, 0.05, 3);
    waitWeight += share;
  }
  return { demandScale, burstiness: clamp(waits / waitWeight, 0.1, 2) };
}

const meanDemand = (model: CapacityModel, dimmer: number, served: readonly number[]): number =>
  served.reduce((sum, count) => sum + demandOf(model, dimmer, count), 0) / served.length;

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

import {
  type ArrivalForecast,
  type CapacityModel,
  calibrate,
  forecastArrivals,
  type MeasuredPeriod,
  planCapacity,
} from '@charter/app-plan/planner';
import { truncatedNormalMean } from '../random.ts';
import type { ServiceTime, SwimSettings } from '../settings.ts';
import type { Arrivals } from '../trace.ts';
import type { UtilityName } from '../utility.ts';
import type { Policy, PolicyMaker, Seen } from './policy.ts';

/** What a pack would declare of this system. */
export function capacityModelOf(settings: SwimSettings, utility: UtilityName): CapacityModel {
  const demand = ({ mean, deviation, coldExtra }: ServiceTime) => ({
    seconds: truncatedNormalMean(mean, deviation),
    coldExtraSeconds: coldExtra,
  });
  return {
    minServers: 1,
    maxServers: settings.maxServers,
    bootSeconds: settings.bootDelay,
    periodSeconds: settings.period,
    dimmerLevels: settings.dimmerLevels,
    full: demand(settings.optional),
    reduced: demand(settings.basic),
    warmUpRequests: settings.warmUpRequests,
    thresholdSeconds: settings.threshold,
    objective: {
      fullRevenue: 1.5,
      reducedRevenue: 1,
      serverSaving: utility === 'current' ? 10 : 0,
      carriedPerServer: settings.maxServiceRate,
    },
  };
}

type Forecast = (samples: readonly number[], seen: Seen) => ArrivalForecast;

/** Far enough ahead to see a server boot, pay for itself, and another one after it. */
const horizonOf = ({ bootDelay, period }: SwimSettings): number => 5 + Math.ceil(bootDelay / period);

/** Charter's planner, on what the protocol tells. */
export const charterPlanner: PolicyMaker = ({ settings, utility }) =>
  modelBased(settings, utility, (samples, { samples: newest }) =>
    forecastArrivals(samples, { samplesPerPeriod: newest.length, periods: horizonOf(settings) }),
  );

/** The same planner told the true arrivals of the minutes it looks ahead. */
export const oracle: PolicyMaker = ({ settings, utility, arrivals }) =>
  modelBased(settings, utility, (_, { time }) => {
    const periods = horizonOf(settings);
    const mean = Array.from({ length: periods }, (_, n) =>
      rateWithin(arrivals, time + n * settings.period, settings.period),
    );
    return { mean, deviation: mean.map(() => 0), evidence: Number.POSITIVE_INFINITY };
  });

function modelBased(settings: SwimSettings, utility: UtilityName, forecast: Forecast): Policy {
  const model = capacityModelOf(settings, utility);
  const samples: number[] = [];
  const measured: MeasuredPeriod[] = [];
  const served = new Array<number>(settings.maxServers).fill(0);
  let jobs = 0;
  return (seen) => {
    const { activeServers: active, rate, response, utilization } = seen;
    samples.push(...seen.samples);
    jobs = Math.max(0, jobs + (rate - seen.departures) * settings.period);
    const share = (rate * settings.period) / active;
    measured.push({
      rate,
      dimmer: seen.dimmer,
      served: served.slice(0, active).map((count) => count + share / 2),
      utilization: utilization.reduce((sum, busy) => sum + busy, 0),
      responseSeconds: response,
    });
    for (let n = 0; n < active; n += 1) served[n] = (served[n] ?? 0) + share;
    const state = { active, bootRemaining: seen.bootRemaining, dimmer: seen.dimmer, served, jobs };
    const calibration = calibrate(model, measured);
    const { chosen } = planCapacity(model, { state, forecast: forecast(samples, seen), calibration });
    return { change: chosen.change, dimmer: chosen.dimmer };
  };
}

/** Requests a second between `from` and `from + seconds`; after the end of the trace, as in its last minute. */
function rateWithin(arrivals: Arrivals, from: number, seconds: number): number {
  const end = arrivals[arrivals.length - 1] ?? 0;
  const start = Math.min(from, end - seconds);
  return (indexOf(arrivals, start + seconds) - indexOf(arrivals, start)) / seconds;
}

/** How many arrivals come before `at`. */
function indexOf(arrivals: Arrivals, at: number): number {
  let low = 0;
  let high = arrivals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((arrivals[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

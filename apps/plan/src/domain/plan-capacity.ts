import { type Calibration, type CapacityModel, lateUtility, timelyUtility } from './capacity-model.ts';
import type { ArrivalForecast } from './forecast-arrivals.ts';
import { normalShare } from './normal-share.ts';
import { carriedRate } from './predict-response.ts';

/** The pool as it is when a decision is made. */
export interface CapacityState {
  /** Servers that take requests. */
  readonly active: number;
  /** Seconds until the booting server takes requests; null when none boots. */
  readonly bootRemaining: number | null;
  readonly dimmer: number;
  /** By number of the server, how many requests it has served; all that were ever used. */
  readonly served: readonly number[];
  /** Requests inside now. */
  readonly jobs: number;
}

export type ServerChange = 'none' | 'add' | 'remove';

/** One configuration within reach, and what it is worth. */
export interface CapacityCandidate {
  readonly change: ServerChange;
  readonly dimmer: number;
  /** Expected utility over the whole horizon. */
  readonly utility: number;
  /** Chance that the next period is late. */
  readonly lateChance: number;
}

export interface CapacityPlan {
  /** Doing nothing, the null plan. */
  readonly nothing: CapacityCandidate;
  /** The best of all, or the null plan when its margin does not exceed the uncertainty. */
  readonly chosen: CapacityCandidate;
  readonly margin: number;
  /** How far that margin may be off, for what little is known of the forecast. */
  readonly uncertainty: number;
  readonly candidates: readonly CapacityCandidate[];
}

export interface CapacityFacts {
  readonly state: CapacityState;
  readonly forecast: ArrivalForecast;
  readonly calibration: Calibration;
}

/** Ways the arrivals may go after the next period: deviations from the mean, and their weights (Gauss-Hermite, three points). */
const ways = [
  { deviations: 0, weight: 2 / 3 },
  { deviations: -Math.sqrt(3), weight: 1 / 6 },
  { deviations: Math.sqrt(3), weight: 1 / 6 },
] as const;

/** Share of the rate by which what a pool can carry is off: arrivals are not even within a period, nor is the model exact. */
const modelShare = 0.03;

/** Standard deviations by which a margin must exceed nothing. */
const uncertaintyDeviations = 0.674;

/**
 * Expected utility of every configuration within reach, doing nothing among them. The next period counts with what is
 * decided now; after it the arrivals go one of three ways, and the best course along each is found by dynamic
 * programming over (servers that take requests, periods left to boot), since every later decision will know more.
 */
export function planCapacity(model: CapacityModel, { state, forecast, calibration }: CapacityFacts): CapacityPlan {
  const pool = openPool(model, state, forecast, calibration);
  const changes: ServerChange[] = ['none', 'add', 'remove'];
  const scored = changes
    .filter((change) => isPossible(model, state, change))
    .flatMap((change) => {
      const after = pool.changed(pool.start, change);
      const later = ways.map((_, way) => pool.courseValue(way, 1, pool.aged(after)));
      const expectedLater = ways.reduce((sum, { weight }, way) => sum + weight * (later[way] ?? 0), 0);
      return distinct([...model.dimmerLevels, state.dimmer]).map((dimmer) => {
        const lateChance = pool.lateChance(0, 0, after.active, dimmer);
        const now = pool.periodUtility(0, 0, after, dimmer);
        return { change, dimmer, utility: now + expectedLater, lateChance, later };
      });
    });
  const nothing = scored.find(({ change, dimmer }) => change === 'none' && dimmer === state.dimmer);
  if (!nothing) throw new Error('doing nothing is always possible');
  const best = scored.reduce((a, b) => (b.utility > a.utility + 1e-9 ? b : a), nothing);
  const margin = best.utility - nothing.utility;
  const spread = Math.sqrt(
    ways.reduce((sum, { weight }, way) => {
      const difference = (best.later[way] ?? 0) - (nothing.later[way] ?? 0);
      const mean = ways.reduce(
        (total, other, n) => total + other.weight * ((best.later[n] ?? 0) - (nothing.later[n] ?? 0)),
        0,
      );
      return sum + weight * (difference - mean) ** 2;
    }, 0),
  );
  const uncertainty = (uncertaintyDeviations * spread) / Math.sqrt(forecast.evidence);
  return {
    nothing,
    chosen: margin > uncertainty ? best : nothing,
    margin,
    uncertainty,
    candidates: scored.toSorted((a, b) => b.utility - a.utility),
  };
}

function isPossible(model: CapacityModel, state: CapacityState, change: ServerChange): boolean {
  const servers = state.active + (state.bootRemaining === null ? 0 : 1);
  if (change === 'add') return state.bootRemaining === null && servers < model.maxServers;
  if (change === 'remove') return servers > model.minServers;
  return true;
}

const distinct = (values: readonly number[]): number[] => [...new Set(values)];

interface Stage {
  readonly active: number;
  /** Periods until the booting server takes requests; 0 when none boots. */
  readonly boot: number;
}

interface Pool {
  readonly start: Stage;
  changed(stage: Stage, change: ServerChange): Stage;
  aged(stage: Stage): Stage;
  lateChance(way: number, period: number, active: number, dimmer: number): number;
  periodUtility(way: number, period: number, stage: Stage, dimmer: number): number;
  courseValue(way: number, period: number, stage: Stage): number;
}

/** Everything the search looks up, each worked out once. */
function openPool(
  model: CapacityModel,
  state: CapacityState,
  forecast: ArrivalForecast,
  calibration: Calibration,
): Pool {
  const horizon = forecast.mean.length;
  const bootPeriods = Math.ceil(model.bootSeconds / model.periodSeconds - 1e-9);
  const carried = new Map<number, number>();
  const values = new Map<number, number>();

  const meanRate = (way: number, period: number): number => {
    const mean = forecast.mean[period] ?? 0;
    if (period === 0) return mean;
    const first = forecast.deviation[0] ?? 0;
    const spread = Math.sqrt(Math.max(0, (forecast.deviation[period] ?? 0) ** 2 - first ** 2));
    return Math.max(0, mean + (ways[way]?.deviations ?? 0) * spread);
  };

  /** How much a period's servers can take: they are the lowest numbers, and have served on until then. */
  function carriedBy(period: number, active: number, dimmer: number): number {
    const key = (period * 64 + active) * 1_024 + Math.round(dimmer * 1_000);
    const known = carried.get(key);
    if (known !== undefined) return known;
    const perPeriod = ((forecast.mean[0] ?? 0) * model.periodSeconds) / Math.max(1, active);
    const served = Array.from({ length: active }, (_, n) => (state.served[n] ?? 0) + period * perPeriod);
    // Later periods begin with what a pool holds that is just on time.
    const jobs = period === 0 ? state.jobs : (model.thresholdSeconds / 2) * (forecast.mean[period] ?? 0);
    const rate = carriedRate(model, { served, dimmer, jobs, seconds: model.periodSeconds }, calibration);
    carried.set(key, rate);
    return rate;
  }

  function lateChance(way: number, period: number, active: number, dimmer: number): number {
    const spare = carriedBy(period, active, dimmer) - meanRate(way, period);
    const deviation = Math.hypot(forecast.deviation[0] ?? 0, modelShare * meanRate(way, period));
    if (!(deviation > 0)) return spare >= 0 ? 0 : 1;
    return 1 - normalShare(spare / deviation);
  }

  function periodUtility(way: number, period: number, { active, boot }: Stage, dimmer: number): number {
    const late = lateChance(way, period, active, dimmer);
    const rate = meanRate(way, period);
    const servers = active + (boot > 0 ? 1 : 0);
    return (1 - late) * timelyUtility(model, rate, dimmer, servers) + late * lateUtility(model, rate);
  }

  function bestPeriod(way: number, period: number, stage: Stage): number {
    let best = Number.NEGATIVE_INFINITY;
    for (const dimmer of model.dimmerLevels.toReversed()) {
      best = Math.max(best, periodUtility(way, period, stage, dimmer));
      if (lateChance(way, period, stage.active, dimmer) < 1e-3) break;
    }
    return best;
  }

  function changed({ active, boot }: Stage, change: ServerChange): Stage {
    if (change === 'add') return bootPeriods === 0 ? { active: active + 1, boot: 0 } : { active, boot: bootPeriods };
    if (change === 'remove') return boot > 0 ? { active, boot: 0 } : { active: active - 1, boot: 0 };
    return { active, boot };
  }

  const aged = ({ active, boot }: Stage): Stage =>
    boot === 1 ? { active: active + 1, boot: 0 } : { active, boot: Math.max(0, boot - 1) };

  function courseValue(way: number, period: number, stage: Stage): number {
    if (period >= horizon) return 0;
    const key = ((way * 64 + period) * 64 + stage.active) * 16 + stage.boot;
    const known = values.get(key);
    if (known !== undefined) return known;
    const follow = (change: ServerChange): number => {
      const after = changed(stage, change);
      return bestPeriod(way, period, after) + courseValue(way, period + 1, aged(after));
    };
    let best = follow('none');
    if (stage.boot === 0 && stage.active < model.maxServers) best = Math.max(best, follow('add'));
    if (stage.active + (stage.boot > 0 ? 1 : 0) > model.minServers) best = Math.max(best, follow('remove'));
    values.set(key, best);
    return best;
  }

  const boot =
    state.bootRemaining === null ? 0 : Math.max(1, Math.ceil(state.bootRemaining / model.periodSeconds - 1e-9));
  return { start: { active: state.active, boot }, changed, aged, lateChance, periodUtility, courseValue };
}

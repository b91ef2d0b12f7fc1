import type { Evidence, Target, TargetCapacity } from '@charter/shared/contracts';
import { type CapacityModel, uncalibrated } from './capacity-model.ts';
import type { Observed } from './fill-parameters.ts';
import { settingFrom } from './fill-parameters.ts';
import { steadyForecast } from './forecast-arrivals.ts';
import { planCapacity, type ServerChange } from './plan-capacity.ts';

/** What the capacity model of a target would have it set to. */
export interface PoolChoice {
  readonly replicas: number;
  readonly dimmer: number;
  /** The setting that holds the dimmer; undefined when there is none. */
  readonly setting: string | undefined;
  readonly note: string;
}

/** Periods looked ahead besides those a server boots. */
const horizonPeriods = 5;

const steps: Readonly<Record<ServerChange, number>> = { none: 0, add: 1, remove: -1 };

/** The same planning as in simulation, from the one arrival rate that the evidence shows. Servers are taken to be warm. */
export function poolChoice(
  name: string,
  target: Target,
  observed: Observed,
  evidence: readonly Evidence[],
): PoolChoice | { readonly blockedBy: string } {
  const { capacity } = target;
  if (!capacity) return { blockedBy: `target ${name} declares no capacity` };
  const replicas = observed.spec?.replicas;
  if (typeof replicas !== 'number' || replicas < 1) return { blockedBy: `how many servers ${name} has is not known` };
  const rate = rateSeen(name, capacity, evidence);
  if (rate === null) return { blockedBy: `the evidence shows no ${capacity.arrivals} of ${name}` };
  const setting = capacity.dimmer?.setting;
  const dimmer = setting === undefined ? 1 : settingFrom(observed.spec, setting, {});
  if (typeof dimmer !== 'number') return { blockedBy: `the present ${setting ?? 'dimmer'} of ${name} is not known` };
  const model = capacityModelFrom(capacity, target.limits);
  const periods = horizonPeriods + Math.ceil(model.bootSeconds / model.periodSeconds);
  const { chosen, nothing, margin, uncertainty } = planCapacity(model, {
    state: {
      active: replicas,
      bootRemaining: null,
      dimmer,
      served: new Array<number>(model.maxServers).fill(Number.POSITIVE_INFINITY),
      // A pool that was found too slow holds at least this much.
      jobs: rate * model.thresholdSeconds,
    },
    forecast: steadyForecast(rate, periods),
    calibration: uncalibrated,
  });
  const wanted = replicas + steps[chosen.change];
  const compared = `worth ${margin.toFixed(1)} more than leaving ${String(replicas)} at ${String(dimmer)} over ${String(periods)} periods (uncertainty ${uncertainty.toFixed(1)}), chance to be late ${percent(chosen.lateChance)} instead of ${percent(nothing.lateChance)}`;
  return {
    replicas: wanted,
    dimmer: chosen.dimmer,
    setting,
    note:
      chosen === nothing
        ? `at ${rate.toFixed(1)} requests/s the capacity model finds nothing better than ${String(replicas)} servers with a dimmer of ${String(dimmer)} (uncertainty ${uncertainty.toFixed(1)})`
        : `${String(wanted)} servers with a dimmer of ${String(chosen.dimmer)} at ${rate.toFixed(1)} requests/s: ${compared}`,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** Requests a second as the evidence last saw them. */
function rateSeen(name: string, { arrivals }: TargetCapacity, evidence: readonly Evidence[]): number | null {
  const seen = evidence.find(
    ({ series }) => series === `${name}#${arrivals}` || series.startsWith(`${name}#${arrivals}{`),
  );
  const rate = seen?.after ?? null;
  return rate !== null && rate > 0 ? rate : null;
}

export function capacityModelFrom(capacity: TargetCapacity, limits: Target['limits']): CapacityModel {
  const { service, dimmer, worth } = capacity;
  return {
    minServers: Math.max(1, limits.minReplicas),
    maxServers: limits.maxReplicas,
    bootSeconds: capacity.boot,
    periodSeconds: capacity.period,
    dimmerLevels: dimmer ? dimmer.levels.toSorted((a, b) => a - b) : [1],
    full: service,
    reduced: dimmer?.service ?? service,
    warmUpRequests: capacity.warmUpRequests,
    thresholdSeconds: capacity.threshold,
    objective: {
      fullRevenue: worth.request,
      reducedRevenue: worth.dimmedRequest,
      serverSaving: worth.spareServer,
      carriedPerServer: 1 / service.seconds,
    },
  };
}

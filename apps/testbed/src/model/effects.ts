import {
  crashErrorRatioOf,
  crashedOf,
  demandFactorOf,
  diskWaitSecondsOf,
  leakPerSecondOf,
  lostOf,
  providerErrorRatioOf,
  stealOf,
  surgeLoadOf,
} from './fault-kinds.ts';
import { type ComponentName, capacityOf, TOPOLOGY } from './topology.ts';
import type { World } from './world.ts';

/** What the open faults do to a component right now. */
export interface Effects {
  demandFactor: number;
  steal: number;
  down: number;
  crashErrorRatio: number;
  extraRequestsPerSecond: number;
  diskWaitSeconds: number;
  leakPerSecond: number;
  providerErrorRatio: number;
}

export function effectsOn(world: World, component: ComponentName): Effects {
  const effects: Effects = {
    demandFactor: 1,
    steal: 0,
    down: 0,
    crashErrorRatio: 0,
    extraRequestsPerSecond: 0,
    diskWaitSeconds: 0,
    leakPerSecond: 0,
    providerErrorRatio: 0,
  };
  for (const fault of world.faults) {
    if (fault.component !== component) continue;
    const { intensity } = fault;
    switch (fault.kind) {
      case 'latency':
        effects.demandFactor *= demandFactorOf(intensity);
        break;
      case 'crash':
        effects.down += crashedOf(intensity, world.components[component].declared.replicas);
        effects.crashErrorRatio = crashErrorRatioOf(intensity);
        break;
      case 'lost_replica':
        effects.down += lostOf(intensity, fault.replicas);
        break;
      case 'memory_leak':
        effects.leakPerSecond += leakPerSecondOf(intensity);
        break;
      case 'noisy_neighbor':
        effects.steal = stealOf(intensity);
        break;
      case 'traffic_surge':
        effects.extraRequestsPerSecond +=
          surgeLoadOf(intensity, component) * capacityOf(component, TOPOLOGY[component].replicas);
        break;
      case 'dependency_slowdown':
        effects.diskWaitSeconds += diskWaitSecondsOf(intensity);
        break;
      case 'external_outage':
        effects.providerErrorRatio = providerErrorRatioOf(intensity);
        break;
      // These write the specification when they open; nothing more happens while they last.
      case 'error_burst':
      case 'bad_configuration':
      case 'over_provisioning':
        break;
    }
  }
  return effects;
}

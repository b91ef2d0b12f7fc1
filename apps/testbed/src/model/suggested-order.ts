import type { Order } from './actuate.ts';
import type { Action, FaultKind } from './fault-kinds.ts';
import { type ComponentName, capacityOf, TOPOLOGY } from './topology.ts';

/**
 * The documented parameters of a remedy: an order that carries out `action` on `component` so that a fault of `kind`
 * is cleared or compensated at any intensity and time of day.
 */
export function suggestedOrder(action: Action, kind: FaultKind, component: ComponentName): Order {
  const { replicas, config } = TOPOLOGY[component];
  switch (action) {
    case 'SCALE_UP':
      return { actuator: 'scale', replicas: 3 * replicas };
    case 'SCALE_DOWN':
      return { actuator: 'scale', replicas };
    case 'RESTART_SERVICE':
      return { actuator: 'restart' };
    case 'THROTTLE_REQUESTS':
      return { actuator: 'throttle', requestsPerSecond: Math.round(0.6 * capacityOf(component, replicas)) };
    case 'REBALANCE_LOAD':
      return { actuator: 'rebalance' };
    case 'UPDATE_CONFIGURATION':
      return kind === 'dependency_slowdown'
        ? { actuator: 'config', key: 'durability', value: 'relaxed' }
        : { actuator: 'config', key: 'timeoutSeconds', value: config.timeoutSeconds ?? 1 };
    case 'APPLY_POLICY':
      return { actuator: 'policy', version: 'v1' };
    case 'BYPASS_VALIDATION':
      return { actuator: 'bypass', ttlSeconds: 300 };
    case 'ACTIVATE_EMERGENCY_OVERRIDE':
      return { actuator: 'override', ttlSeconds: 300 };
  }
}

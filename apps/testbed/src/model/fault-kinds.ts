import { COMPONENTS, type ComponentName, type ConfigValue } from './topology.ts';

export const FAULT_KINDS = [
  'latency',
  'error_burst',
  'crash',
  'memory_leak',
  'noisy_neighbor',
  'bad_configuration',
  'traffic_surge',
  'dependency_slowdown',
  'lost_replica',
  'over_provisioning',
  'external_outage',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** The nine remediation actions of the domain. */
export const ACTIONS = [
  'SCALE_UP',
  'SCALE_DOWN',
  'RESTART_SERVICE',
  'APPLY_POLICY',
  'BYPASS_VALIDATION',
  'THROTTLE_REQUESTS',
  'ACTIVATE_EMERGENCY_OVERRIDE',
  'REBALANCE_LOAD',
  'UPDATE_CONFIGURATION',
] as const;
export type Action = (typeof ACTIONS)[number];

/** `clears`: the fault is gone. `compensates`: the component meets its objective while the fault lasts. */
export type Remedy = 'clears' | 'compensates';

/** An open fault. `intensity` is 0..1, times are seconds on the virtual clock. */
export interface Fault {
  readonly id: string;
  readonly kind: FaultKind;
  readonly component: ComponentName;
  readonly intensity: number;
  readonly startedAt: number;
  readonly endsAt: number;
  /** Replicas declared when it struck. */
  readonly replicas: number;
  /** What the fault overwrote, put back when it ends by itself. */
  readonly overwritten?: { readonly key: string; readonly value: ConfigValue };
}

export interface FaultDescription {
  readonly kind: FaultKind;
  readonly description: string;
  readonly components: readonly ComponentName[];
  readonly remedies: Readonly<Partial<Record<Action, Remedy>>>;
}

const SERVICES: readonly ComponentName[] = ['catalog', 'orders', 'payments'];

/** Every kind of fault, where it can strike and what helps. */
export const FAULTS: Readonly<Record<FaultKind, FaultDescription>> = {
  latency: {
    kind: 'latency',
    description: 'A slow code path: each request needs up to 2.75 times the processor time.',
    components: [...SERVICES, 'database'],
    remedies: { SCALE_UP: 'compensates', ACTIVATE_EMERGENCY_OVERRIDE: 'compensates' },
  },
  error_burst: {
    kind: 'error_burst',
    description: 'A faulty validation policy is rolled out and fails valid requests.',
    components: ['gateway', ...SERVICES],
    remedies: { APPLY_POLICY: 'clears', BYPASS_VALIDATION: 'compensates' },
  },
  crash: {
    kind: 'crash',
    description: 'Replicas crash and loop through restarts without becoming ready; what reaches them fails.',
    components: COMPONENTS,
    remedies: { RESTART_SERVICE: 'clears' },
  },
  memory_leak: {
    kind: 'memory_leak',
    description: 'Memory grows to its limit and garbage collection takes the processor.',
    components: ['gateway', ...SERVICES, 'cache'],
    remedies: { RESTART_SERVICE: 'clears' },
  },
  noisy_neighbor: {
    kind: 'noisy_neighbor',
    description: 'Another tenant steals processor time on the shared host that carries a quarter of the replicas.',
    components: [...SERVICES, 'database'],
    remedies: { REBALANCE_LOAD: 'compensates' },
  },
  bad_configuration: {
    kind: 'bad_configuration',
    description: 'The request timeout is set far too short from outside the change process.',
    components: COMPONENTS,
    remedies: { UPDATE_CONFIGURATION: 'clears' },
  },
  traffic_surge: {
    kind: 'traffic_surge',
    description: 'Extra traffic for the component, up to the whole declared capacity and more.',
    components: ['gateway', ...SERVICES],
    remedies: { SCALE_UP: 'compensates', THROTTLE_REQUESTS: 'compensates' },
  },
  dependency_slowdown: {
    kind: 'dependency_slowdown',
    description: 'The disk below a store answers slowly: durable requests wait for it, the processor stays idle.',
    components: ['database', 'cache'],
    remedies: { UPDATE_CONFIGURATION: 'compensates', ACTIVATE_EMERGENCY_OVERRIDE: 'compensates' },
  },
  lost_replica: {
    kind: 'lost_replica',
    description: 'Hosts are lost and their replicas are not placed again: fewer ready than declared, no crash.',
    components: COMPONENTS,
    remedies: { SCALE_UP: 'compensates', RESTART_SERVICE: 'clears' },
  },
  over_provisioning: {
    kind: 'over_provisioning',
    description: 'A runaway autoscaler declares up to six times the replicas: idle, and above the budget.',
    components: COMPONENTS,
    remedies: { SCALE_DOWN: 'clears' },
  },
  external_outage: {
    kind: 'external_outage',
    description: 'The payment provider outside the system fails. Nothing inside helps; it ends by itself.',
    components: ['payments'],
    remedies: {},
  },
};

/** Latency: processor time of a request is multiplied by this. */
export function demandFactorOf(intensity: number): number {
  return 1 + 1.75 * Math.sqrt(intensity);
}

/** Crash: replicas that loop, of those declared. */
export function crashedOf(intensity: number, replicas: number): number {
  return Math.max(1, Math.ceil(intensity * replicas));
}

/** Crash: share of requests that reach a looping replica in its short life. */
export function crashErrorRatioOf(intensity: number): number {
  return 0.4 * intensity;
}

/** Lost replica: at most half of those declared when the fault struck. */
export function lostOf(intensity: number, replicas: number): number {
  return Math.max(1, Math.round((intensity * replicas) / 2));
}

/** Memory leak: share of the limit gained each second. */
export function leakPerSecondOf(intensity: number): number {
  return 0.13 * intensity;
}

/** Noisy neighbor: share of the shared host's processor time that is stolen. */
export function stealOf(intensity: number): number {
  return 0.5 + 0.48 * intensity;
}

/** Bad configuration: the timeout, against the component's typical latency. */
export function badTimeoutOf(intensity: number, typicalSeconds: number): number {
  return Math.max(0.0005, typicalSeconds * (1.6 - 1.4 * intensity));
}

/** Surge: extra requests as a share of the declared capacity; the gateway has more room to begin with. */
export function surgeLoadOf(intensity: number, component: ComponentName): number {
  return intensity * (component === 'gateway' ? 1.4 : 1);
}

/** Dependency slowdown: disk wait of a durable request. */
export function diskWaitSecondsOf(intensity: number): number {
  return 0.7 * intensity;
}

/** Over-provisioning: replicas declared by the runaway autoscaler. */
export function runawayReplicasOf(intensity: number, replicas: number): number {
  return Math.round(replicas * (1 + 5 * intensity));
}

/** Error burst: share of valid requests the faulty policy fails. */
export function rejectRatioOf(intensity: number): number {
  return 0.6 * intensity;
}

/** External outage: share of the provider's calls that fail. */
export function providerErrorRatioOf(intensity: number): number {
  return 0.9 * intensity;
}

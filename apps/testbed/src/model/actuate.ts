import { type Action, stealOf } from './fault-kinds.ts';
import { clearFaults, type Refusal, writeConfig } from './fault-lifecycle.ts';
import { declareReplicas, restartReplicas } from './replicas.ts';
import { type ComponentName, type ConfigValue, TOPOLOGY } from './topology.ts';
import { type ComponentSpec, type ComponentState, copySpec, nowOf, type Weights, type World } from './world.ts';

/** Time from an order to its effect for everything that is not a replica. */
export const ROLLOUT_SECONDS = 0.5;
export const MAXIMUM_REPLICAS = 32;

/** One order to a component; the same bodies as the REST routes of the same names. */
export type Order =
  | { readonly actuator: 'scale'; readonly replicas: number }
  | { readonly actuator: 'restart' }
  | { readonly actuator: 'throttle'; readonly requestsPerSecond: number | null }
  | { readonly actuator: 'rebalance'; readonly weights?: Weights }
  | { readonly actuator: 'config'; readonly key: string; readonly value: ConfigValue }
  | { readonly actuator: 'policy'; readonly version: string }
  | { readonly actuator: 'bypass'; readonly ttlSeconds: number }
  | { readonly actuator: 'override'; readonly ttlSeconds: number };
export const ACTUATORS = [
  'scale',
  'restart',
  'throttle',
  'rebalance',
  'config',
  'policy',
  'bypass',
  'override',
] as const;
export type Actuator = (typeof ACTUATORS)[number];

/** Which actuator carries out a remediation action. */
export const ACTUATOR_OF: Readonly<Record<Action, Actuator>> = {
  SCALE_UP: 'scale',
  SCALE_DOWN: 'scale',
  RESTART_SERVICE: 'restart',
  THROTTLE_REQUESTS: 'throttle',
  REBALANCE_LOAD: 'rebalance',
  UPDATE_CONFIGURATION: 'config',
  APPLY_POLICY: 'policy',
  BYPASS_VALIDATION: 'bypass',
  ACTIVATE_EMERGENCY_OVERRIDE: 'override',
};

/** What an order did. `previous` and `current` are complete declared specifications. */
export interface Actuation {
  readonly action: Action;
  readonly component: ComponentName;
  /** The order that restores exactly the former specification; null for a restart, which has no inverse. */
  readonly undo: Order | null;
  readonly previous: ComponentSpec;
  readonly current: ComponentSpec;
  /** Seconds on the virtual clock when the order is in force. */
  readonly effectiveAt: number;
}

export function actuate(world: World, component: ComponentName, order: Order): Actuation | Refusal {
  const state = world.components[component];
  const now = nowOf(world);
  const previous = copySpec(state.declared);
  const refusal = refuse(state, component, order);
  if (refusal) return refusal;
  const { action, delay } = carryOut(world, component, order, now);
  const current = copySpec(state.declared);
  return { action, component, undo: undoOf(order, previous, now), previous, current, effectiveAt: now + delay };
}

function undoOf(order: Order, previous: ComponentSpec, now: number): Order | null {
  const remaining = (until: number | null): number => (until === null ? 0 : Math.max(0, until - now));
  const { actuator } = order;
  switch (actuator) {
    case 'scale':
      return { actuator, replicas: previous.replicas };
    case 'restart':
      return null;
    case 'throttle':
      return { actuator, requestsPerSecond: previous.limitRequestsPerSecond };
    case 'rebalance':
      return { actuator, weights: previous.weights };
    case 'config':
      return { actuator, key: order.key, value: previous.config[order.key] ?? order.value };
    case 'policy':
      return { actuator, version: previous.policyVersion };
    case 'bypass':
      return { actuator, ttlSeconds: remaining(previous.bypassUntil) };
    case 'override':
      return { actuator, ttlSeconds: remaining(previous.overrideUntil) };
  }
}

function refuse(state: ComponentState, component: ComponentName, order: Order): Refusal | undefined {
  const invalid = (detail: string): Refusal => ({ refused: 'invalid-parameters', detail });
  switch (order.actuator) {
    case 'scale':
      if (Number.isInteger(order.replicas) && order.replicas >= 1 && order.replicas <= MAXIMUM_REPLICAS) return;
      return invalid(`replicas is a whole number within 1 and ${String(MAXIMUM_REPLICAS)}`);
    case 'restart':
      return;
    case 'throttle':
      if (order.requestsPerSecond === null || order.requestsPerSecond > 0) return;
      return invalid('requestsPerSecond is above 0, or null for no limit');
    case 'rebalance':
      if (!order.weights || (order.weights.a >= 0 && order.weights.b >= 0 && order.weights.a + order.weights.b > 0))
        return;
      return invalid('weights are not negative and not all zero');
    case 'config':
      return refuseConfig(component, order.key, order.value);
    case 'policy':
      if (state.policyVersions.some(({ version }) => version === order.version)) return;
      return { refused: 'unknown-version', detail: `${component} has no policy version ${order.version}` };
    case 'bypass':
    case 'override':
      if (order.ttlSeconds >= 0 && order.ttlSeconds <= 3600) return;
      return invalid('ttlSeconds is within 0 (ends it) and 3600');
  }
}

function refuseConfig(component: ComponentName, key: string, value: ConfigValue): Refusal | undefined {
  const baseline = TOPOLOGY[component].config[key];
  if (baseline === undefined) return { refused: 'unknown-key', detail: `${component} has no configuration key ${key}` };
  const valid =
    typeof baseline === 'string'
      ? value === 'strict' || value === 'relaxed'
      : typeof value === 'number' && Number.isFinite(value) && value >= 0 && (key === 'retries' || value > 0);
  if (valid) return undefined;
  return { refused: 'invalid-parameters', detail: `${key} does not take ${JSON.stringify(value)}` };
}

function carryOut(
  world: World,
  component: ComponentName,
  order: Order,
  now: number,
): { action: Action; delay: number } {
  const state = world.components[component];
  const { declared } = state;
  switch (order.actuator) {
    case 'scale': {
      const down = order.replicas < declared.replicas;
      declareReplicas(state, order.replicas, now);
      if (order.replicas <= TOPOLOGY[component].objective.replicaBudget) {
        clearFaults(world, component, 'over_provisioning');
      }
      return { action: down ? 'SCALE_DOWN' : 'SCALE_UP', delay: down ? 0 : 2.5 };
    }
    case 'restart':
      clearFaults(world, component, 'crash', 'memory_leak', 'lost_replica');
      restartReplicas(state, now);
      state.memoryRatio = 0.4;
      return { action: 'RESTART_SERVICE', delay: 2.5 };
    case 'throttle':
      declared.limitRequestsPerSecond = order.requestsPerSecond;
      return rollOut(state, 'THROTTLE_REQUESTS', now);
    case 'rebalance':
      declared.weights = order.weights ? { ...order.weights } : weightsBySpeed(world, component);
      return rollOut(state, 'REBALANCE_LOAD', now);
    case 'config':
      state.driftedKeys = state.driftedKeys.filter((key) => key !== order.key);
      if (order.key === 'timeoutSeconds' && state.running.config[order.key] !== order.value) {
        clearFaults(world, component, 'bad_configuration');
      }
      writeConfig(state, order.key, order.value);
      return { action: 'UPDATE_CONFIGURATION', delay: 0 };
    case 'policy':
      declared.policyVersion = order.version;
      state.policyRevision += 1;
      if (state.policyVersions.some(({ version, rejectRatio }) => version === order.version && rejectRatio === 0)) {
        state.policyDrifted = false;
        clearFaults(world, component, 'error_burst');
      }
      return rollOut(state, 'APPLY_POLICY', now);
    case 'bypass':
      declared.bypassUntil = order.ttlSeconds === 0 ? null : now + order.ttlSeconds;
      return rollOut(state, 'BYPASS_VALIDATION', now);
    case 'override':
      declared.overrideUntil = order.ttlSeconds === 0 ? null : now + order.ttlSeconds;
      return rollOut(state, 'ACTIVATE_EMERGENCY_OVERRIDE', now);
  }
}

function rollOut(state: ComponentState, action: Action, now: number): { action: Action; delay: number } {
  state.rollouts.push({ at: now + ROLLOUT_SECONDS, spec: copySpec(state.declared) });
  return { action, delay: ROLLOUT_SECONDS };
}

/** Above this share of stolen processor time a host is drained. */
const DRAIN_ABOVE_STEAL = 0.3;

/** Without explicit weights a zone whose hosts lose too much of their processors gets no traffic. */
function weightsBySpeed(world: World, component: ComponentName): Weights {
  const noisy = world.faults.find((fault) => fault.kind === 'noisy_neighbor' && fault.component === component);
  return { a: noisy && stealOf(noisy.intensity) > DRAIN_ABOVE_STEAL ? 0 : 1, b: 1 };
}

/** Rollouts whose time has come are in force, and what has a time to live ends. */
export function settleSpecs(state: ComponentState, now: number): void {
  const { rollouts, declared, running } = state;
  if (rollouts.length > 0) {
    for (const { at, spec } of rollouts) if (at <= now) state.running = spec;
    state.rollouts = rollouts.filter(({ at }) => at > now);
  }
  for (const spec of [declared, running, state.running]) {
    if (spec.bypassUntil !== null && spec.bypassUntil <= now) spec.bypassUntil = null;
    if (spec.overrideUntil !== null && spec.overrideUntil <= now) spec.overrideUntil = null;
  }
}

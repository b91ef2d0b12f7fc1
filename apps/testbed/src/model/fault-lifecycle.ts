import { badTimeoutOf, FAULTS, type Fault, type FaultKind, rejectRatioOf, runawayReplicasOf } from './fault-kinds.ts';
import { declareReplicas } from './replicas.ts';
import { type ComponentName, type ConfigValue, TOPOLOGY } from './topology.ts';
import { type ComponentState, nowOf, type World } from './world.ts';

/** A fault to open: intensity 0..1, duration in seconds above 0. `id` is for callers that give identifiers. */
export interface FaultOrder {
  readonly kind: FaultKind;
  readonly component: ComponentName;
  readonly intensity: number;
  readonly durationSeconds: number;
  readonly id?: string;
}

/** Why a fault or an actuation was not accepted. */
export interface Refusal {
  readonly refused: 'not-applicable' | 'already-open' | 'invalid-parameters' | 'unknown-version' | 'unknown-key';
  readonly detail: string;
}

/** Writes one configuration key everywhere it is kept, rollouts under way included. */
export function writeConfig(state: ComponentState, key: string, value: ConfigValue): void {
  state.declared.config[key] = value;
  state.running.config[key] = value;
  for (const { spec } of state.rollouts) spec.config[key] = value;
  state.configRevision += 1;
}

export function writePolicyVersion(state: ComponentState, version: string): void {
  state.declared.policyVersion = version;
  state.running.policyVersion = version;
  for (const { spec } of state.rollouts) spec.policyVersion = version;
  state.policyRevision += 1;
}

export function openFault(world: World, order: FaultOrder): Fault | Refusal {
  const { kind, component, intensity, durationSeconds } = order;
  if (!(intensity >= 0 && intensity <= 1 && durationSeconds > 0)) {
    return { refused: 'invalid-parameters', detail: 'intensity is 0..1 and durationSeconds above 0' };
  }
  if (!FAULTS[kind].components.includes(component)) {
    return { refused: 'not-applicable', detail: `${kind} does not strike ${component}` };
  }
  if (world.faults.some((open) => open.kind === kind && open.component === component)) {
    return { refused: 'already-open', detail: `${kind} is already open on ${component}` };
  }
  const now = nowOf(world);
  const state = world.components[component];
  const overwritten = strike(state, component, order, now);
  const fault: Fault = {
    id: order.id ?? `fault-${String(world.nextFault)}`,
    kind,
    component,
    intensity,
    startedAt: now,
    endsAt: now + durationSeconds,
    replicas: state.declared.replicas,
    ...(overwritten && { overwritten }),
  };
  world.nextFault += 1;
  world.faults.push(fault);
  return fault;
}

/** Faults that write the specification do it here, once; the answer is what they overwrote. */
function strike(state: ComponentState, component: ComponentName, order: FaultOrder, now: number): Fault['overwritten'] {
  switch (order.kind) {
    case 'bad_configuration': {
      const value = state.declared.config.timeoutSeconds ?? 0;
      writeConfig(state, 'timeoutSeconds', badTimeoutOf(order.intensity, TOPOLOGY[component].typicalSeconds));
      state.driftedKeys.push('timeoutSeconds');
      return { key: 'timeoutSeconds', value };
    }
    case 'error_burst': {
      const value = state.declared.policyVersion;
      const version = `v${String(state.policyVersions.length + 1)}`;
      const until = now + order.durationSeconds;
      state.policyVersions.push({ version, rejectRatio: rejectRatioOf(order.intensity), until });
      writePolicyVersion(state, version);
      state.policyDrifted = true;
      return { key: version, value };
    }
    case 'over_provisioning': {
      const value = state.declared.replicas;
      declareReplicas(state, runawayReplicasOf(order.intensity, value), now);
      return { key: String(state.declared.replicas), value };
    }
    default:
      return undefined;
  }
}

/** Ends a fault and puts back what it overwrote, unless somebody has changed that since. */
export function endFault(world: World, id: string): boolean {
  const fault = world.faults.find((open) => open.id === id);
  if (!fault) return false;
  world.faults = world.faults.filter((open) => open !== fault);
  const { component, overwritten } = fault;
  const state = world.components[component];
  if (!overwritten) return true;
  const { key, value } = overwritten;
  if (fault.kind === 'bad_configuration' && state.driftedKeys.includes(key)) {
    writeConfig(state, key, value);
    state.driftedKeys = state.driftedKeys.filter((drifted) => drifted !== key);
  }
  if (fault.kind === 'error_burst') {
    for (const entry of state.policyVersions) if (entry.version === key) entry.rejectRatio = 0;
    if (state.running.policyVersion === key) writePolicyVersion(state, String(value));
    state.policyDrifted = false;
  }
  if (fault.kind === 'over_provisioning' && String(state.declared.replicas) === key) {
    declareReplicas(state, Number(value), nowOf(world));
  }
  return true;
}

/** Drops the fault of a kind because a remedy removed its cause; what the remedy wrote stays. */
export function clearFaults(world: World, component: ComponentName, ...kinds: readonly FaultKind[]): void {
  world.faults = world.faults.filter((fault) => fault.component !== component || !kinds.includes(fault.kind));
}

/** Faults past their time end by themselves. */
export function expireFaults(world: World): void {
  const now = nowOf(world);
  for (const fault of world.faults.filter(({ endsAt }) => endsAt <= now)) endFault(world, fault.id);
}

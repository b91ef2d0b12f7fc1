import { type Actuation, actuate, type Order } from './actuate.ts';
import type { Fault } from './fault-kinds.ts';
import { endFault, type FaultOrder, openFault, type Refusal } from './fault-lifecycle.ts';
import { type MetricFamily, metricFamiliesOf } from './metrics.ts';
import { bootingOf } from './replicas.ts';
import { HEALTH_WINDOW_SECONDS, missedObjectives, type Signals, signalsOf } from './signals.ts';
import { advanceStep, createScratch } from './step.ts';
import { type ComponentName, type Objective, perComponent, TOPOLOGY } from './topology.ts';
import { type ComponentSpec, copySpec, createWorld, nowOf, type TestbedOptions, type World } from './world.ts';

/** A component as people and checks see it. `spec` is everything an actuator can change. */
export interface ComponentView {
  readonly healthy: boolean;
  readonly missed: readonly (keyof Objective)[];
  readonly replicas: number;
  readonly ready: number;
  readonly booting: number;
  readonly queueDepth: number;
  readonly spec: ComponentSpec;
  readonly configRevision: number;
  readonly policyVersions: readonly string[];
  readonly signals: Signals;
  readonly objective: Objective;
}

/**
 * The simulated system under a virtual clock. Deterministic: the same options and calls give the same history.
 * Times are seconds since its start. Orders that cannot be carried out are answered with a `Refusal`, never thrown.
 */
export interface Testbed {
  now(): number;
  /** Moves the clock on by whole steps; the rest below one step is carried over to the next call. */
  advance(seconds: number): void;
  state(): Record<ComponentName, ComponentView>;
  /** Signals of every component over the last `windowSeconds`, 10 at most. */
  signals(windowSeconds: number): Record<ComponentName, Signals>;
  metrics(): MetricFamily[];
  faults(): readonly Fault[];
  injectFault(order: FaultOrder): Fault | Refusal;
  /** Ends a fault as if its time were over; false when there is no such fault. */
  clearFault(id: string): boolean;
  actuate(component: ComponentName, order: Order): Actuation | Refusal;
  /** The whole state as plain JSON, to be continued by `restoreTestbed`. */
  save(): World;
}

/** A testbed at rest at second 0, before its first request. */
export function createTestbed(options: TestbedOptions = {}): Testbed {
  return testbedOn(createWorld(options));
}

/** Continues from what `save` returned; the copy shares nothing with it. */
export function restoreTestbed(saved: World): Testbed {
  return testbedOn(structuredClone(saved));
}

function testbedOn(world: World): Testbed {
  const scratch = createScratch(world);
  let owed = 0;
  return {
    now: () => nowOf(world),
    advance(seconds) {
      owed += seconds;
      while (owed >= world.stepSeconds - 1e-9) {
        owed -= world.stepSeconds;
        advanceStep(world, scratch);
      }
    },
    state: () => perComponent((name) => viewOf(world, name)),
    signals: (windowSeconds) => perComponent((name) => signalsOf(world.components[name], nowOf(world), windowSeconds)),
    metrics: () => metricFamiliesOf(world),
    faults: () => world.faults,
    injectFault: (order) => openFault(world, order),
    clearFault: (id) => endFault(world, id),
    actuate: (component, order) => actuate(world, component, order),
    save: () => structuredClone(world),
  };
}

function viewOf(world: World, name: ComponentName): ComponentView {
  const state = world.components[name];
  const signals = signalsOf(state, nowOf(world), HEALTH_WINDOW_SECONDS);
  const missed = missedObjectives(name, signals);
  return {
    healthy: missed.length === 0,
    missed,
    replicas: state.declared.replicas,
    ready: state.ready,
    booting: bootingOf(state),
    queueDepth: state.zones.a.queue + state.zones.b.queue,
    spec: copySpec(state.declared),
    configRevision: state.configRevision,
    policyVersions: state.policyVersions.map(({ version }) => version),
    signals,
    objective: TOPOLOGY[name].objective,
  };
}

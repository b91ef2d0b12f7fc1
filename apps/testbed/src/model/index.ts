export {
  ACTUATOR_OF,
  ACTUATORS,
  type Actuation,
  type Actuator,
  MAXIMUM_REPLICAS,
  type Order,
  ROLLOUT_SECONDS,
} from './actuate.ts';
export {
  ACTIONS,
  type Action,
  FAULT_KINDS,
  FAULTS,
  type Fault,
  type FaultDescription,
  type FaultKind,
  type Remedy,
} from './fault-kinds.ts';
export type { FaultOrder, Refusal } from './fault-lifecycle.ts';
export { LATENCY_BUCKETS } from './latency.ts';
export type { HistogramSample, MetricFamily, MetricSample } from './metrics.ts';
export { BOOT_SECONDS } from './replicas.ts';
export { HEALTH_WINDOW_SECONDS, missedObjectives, type Signals } from './signals.ts';
export { suggestedOrder } from './suggested-order.ts';
export { type ComponentView, createTestbed, restoreTestbed, type Testbed } from './testbed.ts';
export {
  COMPONENTS,
  type ComponentName,
  type ConfigValue,
  capacityOf,
  EDGES,
  type Objective,
  perComponent,
  TOPOLOGY,
  trafficAt,
  ZONES,
} from './topology.ts';
export type { ComponentSpec, TestbedOptions, Weights, World } from './world.ts';

import type { Fault } from './fault-kinds.ts';
import { emptyHistogram, type Histogram } from './latency.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';
import { type ComponentName, type Config, EDGES, perComponent, TOPOLOGY, type ZONES } from './topology.ts';

export type ZoneName = (typeof ZONES)[number];
export type Weights = Record<ZoneName, number>;

/**
 * The complete declared specification of a component: what actuators write and what an undo restores.
 * `limitRequestsPerSecond` null means unlimited; the two times are seconds on the virtual clock, null when off.
 */
export interface ComponentSpec {
  replicas: number;
  limitRequestsPerSecond: number | null;
  weights: Weights;
  config: Config;
  policyVersion: string;
  bypassUntil: number | null;
  overrideUntil: number | null;
}

/** Replicas of one zone of a component as one processor-sharing queue. */
export interface ZoneState {
  queue: number;
  /** Smoothed share of the zone's processors in use. */
  load: number;
  /** Time a request spends on a worker, own work and calls together. */
  holdSeconds: number;
  waitSeconds: number;
}

export const CODES = ['200', '429', '500', '502', '503', '504'] as const;
export type Code = (typeof CODES)[number];
export const LOG_LEVELS = ['info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Counters that only grow, per component. */
export interface Totals {
  arrivals: number;
  codes: Record<Code, number>;
  logs: Record<LogLevel, number>;
  latency: Histogram;
  workSeconds: number;
  capacitySeconds: number;
  validationRejects: number;
  unvalidated: number;
  degraded: number;
  restarts: number;
  abandoned: number;
}

/** What callers of a component get in the present step. */
export interface Answer {
  mean: number;
  variance: number;
  errorRatio: number;
  throttledRatio: number;
  /** Share of calls that fail at once, without having been worked on. */
  refusedRatio: number;
}

/** Counters at one moment, flat: `at`, ok, throttled, errors, work, capacity, observed, then the latency buckets. */
export type WindowMark = number[];

export interface ComponentState {
  declared: ComponentSpec;
  running: ComponentSpec;
  rollouts: { at: number; spec: ComponentSpec }[];
  boots: { at: number; count: number }[];
  ready: number;
  down: number;
  memoryRatio: number;
  limiterTokens: number;
  zones: Record<ZoneName, ZoneState>;
  configRevision: number;
  policyRevision: number;
  /** Keys whose running value was not written by an actuator. */
  driftedKeys: string[];
  policyDrifted: boolean;
  policyVersions: { version: string; rejectRatio: number; until: number | null }[];
  /** Share of the worker slots in use: high without processor use means waiting for a dependency. */
  busyRatio: number;
  /** Requests that were being worked on when replicas went away and are still to be counted as failed. */
  severed: number;
  /** Share of each path among the requests in the queue, the path that calls nobody first. */
  mix: number[];
  answer: Answer;
  totals: Totals;
  marks: WindowMark[];
}

export interface EdgeState {
  client: Histogram;
  server: Histogram;
  ok: number;
  failed: number;
  retries: number;
}

/** The whole simulated system as plain JSON. */
export interface World {
  seed: number;
  dayLengthSeconds: number;
  startOfDaySeconds: number;
  steps: number;
  stepSeconds: number;
  random: Random;
  nextFault: number;
  faults: Fault[];
  components: Record<ComponentName, ComponentState>;
  edges: EdgeState[];
}

/** Options of a new testbed; every one has a default. */
export interface TestbedOptions {
  /** Same seed and same calls give the same history. Default 1. */
  readonly seed?: number;
  /** Length of a simulated day, so that a day can be shown in minutes. Default 86400. */
  readonly dayLengthSeconds?: number;
  /** Where in the day the clock starts, in simulated seconds. Default a quarter of the day. */
  readonly startOfDaySeconds?: number;
  /** Resolution of the fluid model, 0.05 to 1. Default 0.2. */
  readonly stepSeconds?: number;
}

export function nowOf(world: World): number {
  return Math.round(world.steps * world.stepSeconds * 1e6) / 1e6;
}

/** Copies a specification so that later writes do not reach it. */
export function copySpec(spec: ComponentSpec): ComponentSpec {
  return { ...spec, weights: { ...spec.weights }, config: { ...spec.config } };
}

export function baselineSpec(component: ComponentName): ComponentSpec {
  const model = TOPOLOGY[component];
  return {
    replicas: model.replicas,
    limitRequestsPerSecond: null,
    weights: { a: 1, b: 1 },
    config: { ...model.config },
    policyVersion: 'v1',
    bypassUntil: null,
    overrideUntil: null,
  };
}

function emptyTotals(): Totals {
  return {
    arrivals: 0,
    codes: { '200': 0, '429': 0, '500': 0, '502': 0, '503': 0, '504': 0 },
    logs: { info: 0, warn: 0, error: 0, fatal: 0 },
    latency: emptyHistogram(),
    workSeconds: 0,
    capacitySeconds: 0,
    validationRejects: 0,
    unvalidated: 0,
    degraded: 0,
    restarts: 0,
    abandoned: 0,
  };
}

function createComponent(component: ComponentName): ComponentState {
  const model = TOPOLOGY[component];
  const zone = (): ZoneState => ({ queue: 0, load: 0.3, holdSeconds: model.typicalSeconds, waitSeconds: 0 });
  return {
    declared: baselineSpec(component),
    running: baselineSpec(component),
    rollouts: [],
    boots: [],
    ready: model.replicas,
    down: 0,
    memoryRatio: 0.45,
    limiterTokens: 0,
    zones: { a: zone(), b: zone() },
    configRevision: 1,
    policyRevision: 1,
    driftedKeys: [],
    policyDrifted: false,
    policyVersions: [{ version: 'v1', rejectRatio: 0, until: null }],
    busyRatio: 0,
    severed: 0,
    mix: [0, ...model.paths.map(() => 1 / model.paths.length)],
    answer: {
      mean: model.typicalSeconds,
      variance: (model.typicalSeconds / 2) ** 2,
      errorRatio: 0,
      throttledRatio: 0,
      refusedRatio: 0,
    },
    totals: emptyTotals(),
    marks: [],
  };
}

export function createWorld(options: TestbedOptions): World {
  const seed = options.seed ?? 1;
  const dayLengthSeconds = options.dayLengthSeconds ?? 86_400;
  const stepSeconds = options.stepSeconds ?? 0.2;
  if (!(stepSeconds >= 0.05 && stepSeconds <= 1)) throw new RangeError('stepSeconds must be within 0.05 and 1');
  if (!(dayLengthSeconds >= 60)) throw new RangeError('dayLengthSeconds must be at least 60');
  return {
    seed,
    dayLengthSeconds,
    startOfDaySeconds: options.startOfDaySeconds ?? dayLengthSeconds / 4,
    steps: 0,
    stepSeconds,
    random: createRandom(seed),
    nextFault: 1,
    faults: [],
    components: perComponent(createComponent),
    edges: EDGES.map(() => ({ client: emptyHistogram(), server: emptyHistogram(), ok: 0, failed: 0, retries: 0 })),
  };
}

import { type ComponentName, FAULT_KINDS, FAULTS, type FaultKind } from '@charter/app-testbed/model';
import { createRandom } from '@charter/learning';

/** One fault on a testbed that ran in health before. */
export interface DrawnFault {
  /** Names the fault, and seeds the testbed it strikes. */
  readonly seed: number;
  readonly kind: FaultKind;
  readonly component: ComponentName;
  readonly intensity: number;
  /** How long it lasts if nobody does anything about it. */
  readonly durationSeconds: number;
  readonly hourOfDay: number;
  readonly healthySeconds: number;
}

/** Between which lengths in seconds chance decides. */
export interface DrawnLengths {
  readonly duration: readonly [least: number, most: number];
  readonly healthy: readonly [least: number, most: number];
}

/** As long as most installations would take to notice by themselves, after as much of the past as Analyze reads. */
export const usualLengths: DrawnLengths = { duration: [300, 600], healthy: [300, 600] };

/** Below this intensity a component may still meet its objectives, see SIGNALS.md of the testbed. */
const leastIntensity = 0.5;
/** Seeds of one run are this far apart from those of the next. */
const seedsOfARun = 10_000;

export const seedOf = (runSeed: number, index: number): number => runSeed * seedsOfARun + index;
/** The place of a fault within its run, from 1. */
export const numberOf = (seed: number): number => seed % seedsOfARun;
export const runSeedOf = (seed: number): number => Math.floor(seed / seedsOfARun);

/** Faults of a run, each kind as often as another; component, intensity, duration and hour by chance. */
export function drawFaults(count: number, runSeed: number, { duration, healthy } = usualLengths): DrawnFault[] {
  return Array.from({ length: count }, (_, index): DrawnFault => {
    const seed = seedOf(runSeed, index + 1);
    const random = createRandom(seed);
    const kind = FAULT_KINDS[index % FAULT_KINDS.length] ?? 'latency';
    const { components } = FAULTS[kind];
    return {
      seed,
      kind,
      component: components[Math.floor(random.uniform() * components.length)] ?? 'payments',
      intensity: leastIntensity + (1 - leastIntensity) * random.uniform(),
      durationSeconds: within(duration, random.uniform()),
      hourOfDay: 24 * random.uniform(),
      healthySeconds: within(healthy, random.uniform()),
    };
  });
}

const within = ([least, most]: readonly [number, number], share: number): number =>
  least + Math.floor((most - least) * share);

/** Whether anything inside the system helps against it. */
export const hasRemedy = ({ kind }: Pick<DrawnFault, 'kind'>): boolean => Object.keys(FAULTS[kind].remedies).length > 0;

export const faultText = ({ seed, kind, component, intensity, durationSeconds, hourOfDay }: DrawnFault): string =>
  `${String(seed)}: ${kind} of ${component} at ${intensity.toFixed(2)} for ${String(durationSeconds)} s, hour ${hourOfDay.toFixed(1)}`;

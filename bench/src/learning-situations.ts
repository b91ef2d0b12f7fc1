import {
  type Action,
  type ComponentName,
  createTestbed,
  type FaultKind,
  type MetricFamily,
  type Order,
  restoreTestbed,
  type Signals,
  suggestedOrder,
  TOPOLOGY,
} from '@charter/app-testbed/model';
import { actionProfiles } from '@charter/shared/contracts';

/** What the loop may do, each with the parameters of the testbed's documentation. */
export interface Remedy {
  readonly name: string;
  readonly action: Action;
  /** The fault whose documented parameters it takes. */
  readonly as: FaultKind;
}

export const remedies: readonly Remedy[] = [
  { name: 'restart', action: 'RESTART_SERVICE', as: 'crash' },
  { name: 'scale up', action: 'SCALE_UP', as: 'latency' },
  { name: 'throttle', action: 'THROTTLE_REQUESTS', as: 'traffic_surge' },
  { name: 'rebalance', action: 'REBALANCE_LOAD', as: 'noisy_neighbor' },
  { name: 'restore timeout', action: 'UPDATE_CONFIGURATION', as: 'bad_configuration' },
  { name: 'relax durability', action: 'UPDATE_CONFIGURATION', as: 'dependency_slowdown' },
  { name: 'previous policy', action: 'APPLY_POLICY', as: 'error_burst' },
  { name: 'bypass validation', action: 'BYPASS_VALIDATION', as: 'error_burst' },
  { name: 'override', action: 'ACTIVATE_EMERGENCY_OVERRIDE', as: 'latency' },
];

/** Twenty faults: kinds × components. */
const struck: Readonly<Partial<Record<FaultKind, readonly ComponentName[]>>> = {
  latency: ['catalog', 'orders', 'payments', 'database'],
  error_burst: ['gateway', 'catalog'],
  crash: ['orders', 'cache'],
  memory_leak: ['payments', 'catalog'],
  noisy_neighbor: ['catalog', 'orders', 'payments', 'database'],
  bad_configuration: ['gateway', 'orders'],
  traffic_surge: ['catalog', 'payments'],
  dependency_slowdown: ['database', 'cache'],
};
const intensities = [0.5, 0.75, 1];

/** One fault at one intensity: what the loop sees when it is found, and what each remedy makes of it. */
export interface FaultSituation {
  readonly kind: FaultKind;
  readonly component: ComponentName;
  readonly intensity: number;
  readonly features: readonly number[];
  /** The same as the words of an incident: component, cause, what was violated. */
  readonly words: string;
  readonly runbook: number;
  /** 1 − 0.3 · cost where the component is well again within the wait, else 0. */
  readonly rewards: readonly number[];
}

const warmUpSeconds = 20;
const findSeconds = 8;
const waitSeconds = 14;
const costWeight = 0.3;

/** Plays every remedy against every fault on the testbed's model; those that break no objective are left out. */
export function playSituations(seed: number): FaultSituation[] {
  const calm = createTestbed({ seed });
  calm.advance(warmUpSeconds);
  const atRest = calm.save();
  return Object.entries(struck).flatMap(([kind, components]) =>
    components.flatMap((component) =>
      intensities.flatMap((intensity) => {
        const testbed = restoreTestbed(atRest);
        const fault = kind as FaultKind;
        testbed.injectFault({ kind: fault, component, intensity, durationSeconds: 600 });
        testbed.advance(findSeconds);
        const { healthy, signals } = testbed.state()[component];
        if (healthy) return [];
        const levels = levelsOf(component, signals);
        const told = tellersOf(component, testbed.metrics());
        const found = testbed.save();
        const rewards = remedies.map((remedy) => {
          const trial = restoreTestbed(found);
          trial.actuate(component, orderOf(remedy, component));
          trial.advance(waitSeconds);
          const cost = actionProfiles[remedy.action].cost;
          return trial.state()[component].healthy ? 1 - costWeight * cost : 0;
        });
        return [
          {
            kind: fault,
            component,
            intensity,
            features: featuresOf(component, levels, told),
            words: wordsOf(
              component,
              levels,
              told,
              signals.requestsPerSecond / calm.state()[component].signals.requestsPerSecond,
            ),
            runbook: runbookFor(levels),
            rewards,
          },
        ];
      }),
    ),
  );
}

function orderOf({ action, as }: Remedy, component: ComponentName): Order {
  return suggestedOrder(action, as, component);
}

/** What a runbook without experience says: the obvious remedy of the worst symptom. */
function runbookFor(levels: Levels): number {
  const named = (name: string): number => remedies.findIndex((remedy) => remedy.name === name);
  if (levels.memory > 1 || levels.replicas > 1) return named('restart');
  if (levels.load > 1 || levels.latency > 1) return named('scale up');
  return named('previous policy');
}

type Levels = Readonly<Record<'latency' | 'errors' | 'load' | 'memory' | 'replicas', number>>;

/** Signals against the component's objective; above 1 is broken. Without requests there is no latency. */
function levelsOf(component: ComponentName, signals: Signals): Levels {
  const { objective } = TOPOLOGY[component];
  const latency = signals.latencyP95Seconds / objective.latencyP95Seconds;
  return {
    latency: Number.isFinite(latency) ? latency : 0,
    errors: signals.errorRatio / objective.errorRatio,
    load: signals.utilization / objective.utilization,
    memory: signals.memoryRatio / objective.memoryRatio,
    replicas: signals.declaredReplicas / Math.max(0.5, signals.readyReplicas),
  };
}

/** Signals that tell causes apart, as `SIGNALS.md` of the testbed lists them. */
const tellers = ['cpu_steal_ratio', 'config_drift_keys', 'policy_drift', 'replica_restarts_total'] as const;
const shapes = ['gateway', 'service', 'cache', 'database'] as const;
const symptoms = ['replicas', 'memory', 'load', 'latency', 'errors'] as const;
const causes = [...tellers, ...symptoms] as const;
/** A constant; levels, and whether they are broken; what tells causes apart; the cause; the component's class. */
export const featureCount = 1 + 5 + 5 + tellers.length + causes.length + shapes.length;

/** Which of those signals speak. */
function tellersOf(component: ComponentName, metrics: readonly MetricFamily[]): boolean[] {
  return tellers.map((name) => {
    const family = metrics.find((one) => one.name === `testbed_${name}`);
    if (!family || family.type === 'histogram') return false;
    return (family.samples.find(({ labels }) => labels.component === component)?.value ?? 0) > 0.1;
  });
}

const isBroken = (level: number): boolean => level > 1.001;

/** An incident in words, the cause first. */
function wordsOf(component: ComponentName, levels: Levels, told: readonly boolean[], surge: number): string {
  const speaking = tellers.filter((_, index) => told[index]);
  const broken = symptoms.filter((name) => isBroken(levels[name]));
  const cause = speaking[0] ?? (surge > 1.3 ? 'request_surge' : broken[0]);
  return [cause, component, ...broken.flatMap((name) => [`${name}_high`, component])].join(' ');
}

/** What analysis knows of an incident, as numbers. */
function featuresOf(component: ComponentName, levels: Levels, told: readonly boolean[]): number[] {
  const values = Object.values(levels);
  const broken = values.map(isBroken);
  const found = [...told, ...symptoms.map((name) => isBroken(levels[name]))];
  const cause = found.indexOf(true);
  const shape = component === 'gateway' || component === 'cache' || component === 'database' ? component : 'service';
  const flag = (is: boolean): number => (is ? 1 : 0);
  return [
    1,
    ...values.map((level) => Math.tanh(Math.log2(Math.max(0.05, level)) / 2)),
    ...broken.map(flag),
    ...told.map(flag),
    ...causes.map((_, index) => flag(index === cause)),
    ...shapes.map((one) => flag(one === shape)),
  ];
}

export const COMPONENTS = ['gateway', 'catalog', 'orders', 'payments', 'cache', 'database'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** Replicas live on two groups of hosts: `a` is one shared host with a quarter of them, `b` the rest. */
export const ZONES = ['a', 'b'] as const;

export function perComponent<T>(valueIn: (component: ComponentName) => T): Record<ComponentName, T> {
  return {
    gateway: valueIn('gateway'),
    catalog: valueIn('catalog'),
    orders: valueIn('orders'),
    payments: valueIn('payments'),
    cache: valueIn('cache'),
    database: valueIn('database'),
  };
}

/** A third party outside the system: it is called, seen from its caller, and cannot be acted on. */
export const PROVIDER = 'provider';
export type Callee = ComponentName | typeof PROVIDER;

/** Share of the callers' requests that take a path; the cache decides between hit and miss. */
export type PathShare = number | 'cache-hit' | 'cache-miss';

export interface Path {
  readonly share: PathShare;
  readonly calls: readonly Callee[];
}

/** Values a component runs on and that can be changed while it runs. */
export type ConfigValue = number | string;
export type Config = Record<string, ConfigValue>;

/** What a component must meet to be healthy. Times in seconds, ratios 0..1. */
export interface Objective {
  readonly latencyP95Seconds: number;
  readonly errorRatio: number;
  readonly throttledRatio: number;
  readonly utilization: number;
  readonly memoryRatio: number;
  readonly minimumReplicas: number;
  readonly replicaBudget: number;
}

export interface ComponentModel {
  readonly replicas: number;
  /** Processor seconds a request needs by itself; a replica has one processor. */
  readonly demandSeconds: number;
  readonly memoryLimitBytes: number;
  readonly config: Readonly<Config>;
  readonly paths: readonly Path[];
  readonly objective: Objective;
  /** Mean latency at the mean load, the yardstick of a wrongly configured timeout. */
  readonly typicalSeconds: number;
}

const MEBIBYTE = 1024 * 1024;

function objective(replicas: number, latencyP95Seconds: number): Objective {
  return {
    latencyP95Seconds,
    errorRatio: 0.05,
    throttledRatio: 0.75,
    utilization: 0.85,
    memoryRatio: 0.85,
    minimumReplicas: replicas,
    replicaBudget: replicas * 3,
  };
}

/** Requests per second that enter at the gateway, averaged over a day. */
export const MEAN_REQUESTS_PER_SECOND = 120;
/** The day swings by this share around the mean. */
export const DAILY_SWING = 0.15;
/** Network time of one call, both ways. */
export const NETWORK_SECONDS = 0.001;

/** Callers come before callees: one pass forward carries requests, one pass back carries latencies. */
export const TOPOLOGY: Readonly<Record<ComponentName, ComponentModel>> = {
  gateway: {
    replicas: 4,
    demandSeconds: 0.0075,
    memoryLimitBytes: 256 * MEBIBYTE,
    config: { timeoutSeconds: 3, workers: 64, queueLimit: 200, retries: 0 },
    paths: [
      { share: 0.6, calls: ['catalog'] },
      { share: 0.25, calls: ['orders'] },
      { share: 0.15, calls: ['payments'] },
    ],
    objective: objective(4, 1.2),
    typicalSeconds: 0.16,
  },
  catalog: {
    replicas: 4,
    demandSeconds: 0.025,
    memoryLimitBytes: 512 * MEBIBYTE,
    config: { timeoutSeconds: 2, workers: 32, queueLimit: 60, retries: 1 },
    paths: [
      { share: 'cache-hit', calls: ['cache'] },
      { share: 'cache-miss', calls: ['cache', 'database'] },
    ],
    objective: objective(4, 0.35),
    typicalSeconds: 0.057,
  },
  orders: {
    replicas: 4,
    demandSeconds: 0.06,
    memoryLimitBytes: 512 * MEBIBYTE,
    config: { timeoutSeconds: 2.5, workers: 32, queueLimit: 25, retries: 1 },
    paths: [
      { share: 0.4, calls: ['database'] },
      { share: 0.6, calls: ['database', 'payments'] },
    ],
    objective: objective(4, 1.5),
    typicalSeconds: 0.3,
  },
  payments: {
    replicas: 4,
    demandSeconds: 0.046,
    memoryLimitBytes: 512 * MEBIBYTE,
    config: { timeoutSeconds: 2, workers: 32, queueLimit: 30, retries: 1 },
    paths: [{ share: 1, calls: ['database', PROVIDER] }],
    objective: objective(4, 0.9),
    typicalSeconds: 0.25,
  },
  cache: {
    replicas: 3,
    demandSeconds: 0.004,
    memoryLimitBytes: 1024 * MEBIBYTE,
    config: { timeoutSeconds: 0.5, workers: 64, queueLimit: 300, durability: 'strict', ttlSeconds: 60 },
    paths: [],
    objective: objective(3, 0.03),
    typicalSeconds: 0.0045,
  },
  database: {
    replicas: 4,
    demandSeconds: 0.0234,
    memoryLimitBytes: 2048 * MEBIBYTE,
    config: { timeoutSeconds: 1.5, workers: 50, queueLimit: 64, durability: 'strict' },
    paths: [],
    objective: objective(4, 0.3),
    typicalSeconds: 0.042,
  },
};

/** Requests answered per second when every replica of the declared number is busy. */
export function capacityOf(component: ComponentName, replicas: number): number {
  return replicas / TOPOLOGY[component].demandSeconds;
}

export interface Edge {
  readonly source: ComponentName;
  readonly destination: Callee;
}

/** Every call relation once, in the order of the callers. */
export const EDGES: readonly Edge[] = COMPONENTS.flatMap((source) =>
  [...new Set(TOPOLOGY[source].paths.flatMap(({ calls }) => calls))].map((destination) => ({ source, destination })),
);

/** Requests per second at the gateway at a moment of the day: a morning rise, an evening peak, a quiet night. */
export function trafficAt(seconds: number, dayLengthSeconds: number): number {
  const turn = (2 * Math.PI * seconds) / dayLengthSeconds;
  const shape = -0.85 * Math.cos(turn) - 0.15 * Math.cos(2 * turn + 1);
  return MEAN_REQUESTS_PER_SECOND * (1 + DAILY_SWING * shape);
}

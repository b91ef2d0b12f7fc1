import { effectsOn } from './effects.ts';
import { type Histogram, LATENCY_BUCKETS } from './latency.ts';
import { sharedReplicasOf } from './requests.ts';
import { signalsOf } from './signals.ts';
import { COMPONENTS, type ComponentName, EDGES, PROVIDER, TOPOLOGY } from './topology.ts';
import { CODES, type ComponentState, LOG_LEVELS, nowOf, type World } from './world.ts';

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Readonly<Histogram>;
}
/** One metric family; histograms carry cumulative counts for `bounds`, without the `+Inf` bucket. */
export type MetricFamily =
  | {
      readonly name: string;
      readonly help: string;
      readonly type: 'counter' | 'gauge';
      readonly samples: MetricSample[];
    }
  | {
      readonly name: string;
      readonly help: string;
      readonly type: 'histogram';
      readonly bounds: readonly number[];
      readonly samples: HistogramSample[];
    };

type ValueOf = (state: ComponentState, component: ComponentName) => number;

/** Everything the testbed shows of itself, in the terms of Prometheus. */
export function metricFamiliesOf(world: World): MetricFamily[] {
  return [...componentFamilies(world), ...labeledFamilies(world), ...edgeFamilies(world)];
}

function componentFamilies(world: World): MetricFamily[] {
  const family = (type: 'counter' | 'gauge', name: string, help: string, valueIn: ValueOf): MetricFamily => ({
    name: `testbed_${name}`,
    help,
    type,
    samples: COMPONENTS.map((component) => ({
      labels: { component },
      value: valueIn(world.components[component], component),
    })),
  });
  const now = nowOf(world);
  const objective = (pick: (of: (typeof TOPOLOGY)[ComponentName]['objective']) => number): ValueOf => {
    return (_state, component) => pick(TOPOLOGY[component].objective);
  };
  return [
    family(
      'gauge',
      'utilization_ratio',
      'Share of the available processor time in use.',
      (s) => signalsOf(s, now, 2).utilization,
    ),
    family('counter', 'cpu_work_seconds_total', 'Processor time used by requests.', (s) => s.totals.workSeconds),
    family('counter', 'cpu_capacity_seconds_total', 'Processor time available.', (s) => s.totals.capacitySeconds),
    family('gauge', 'workers_busy_ratio', 'Share of the worker slots in use.', (s) => s.busyRatio),
    family('gauge', 'queue_depth', 'Requests waiting for a worker.', (s) => s.zones.a.queue + s.zones.b.queue),
    family('gauge', 'memory_bytes', 'Memory in use by all ready replicas.', (s, c) => {
      return Math.round(s.memoryRatio * TOPOLOGY[c].memoryLimitBytes * s.ready);
    }),
    family('gauge', 'memory_limit_bytes', 'Memory limit of all ready replicas.', (s, c) => {
      return TOPOLOGY[c].memoryLimitBytes * s.ready;
    }),
    family('gauge', 'replicas_desired', 'Replicas declared.', (s) => s.declared.replicas),
    family('gauge', 'replicas_ready', 'Replicas that serve.', (s) => s.ready),
    family(
      'counter',
      'replica_restarts_total',
      'Starts of replicas after a crash or an order.',
      (s) => s.totals.restarts,
    ),
    family('gauge', 'cpu_steal_ratio', 'Processor time stolen by other tenants.', (s, c) => {
      return s.ready > 0 ? (sharedReplicasOf(s.ready) / s.ready) * effectsOn(world, c).steal : 0;
    }),
    family('gauge', 'config_revision', 'Revision of the running configuration.', (s) => s.configRevision),
    family('gauge', 'config_drift_keys', 'Keys changed outside of an actuator.', (s) => s.driftedKeys.length),
    family('gauge', 'policy_revision', 'Revision of the running validation policy.', (s) => s.policyRevision),
    family('gauge', 'policy_drift', 'Whether a policy runs that no actuator applied.', (s) => Number(s.policyDrifted)),
    family('counter', 'validation_rejects_total', 'Requests failed by validation.', (s) => s.totals.validationRejects),
    family('counter', 'unvalidated_requests_total', 'Requests served under a bypass.', (s) => s.totals.unvalidated),
    family('counter', 'degraded_responses_total', 'Answers under an emergency override.', (s) => s.totals.degraded),
    family('counter', 'abandoned_requests_total', 'Requests that timed out in the queue.', (s) => s.totals.abandoned),
    family('gauge', 'bypass_active', 'Whether validation is bypassed.', (s) =>
      Number((s.running.bypassUntil ?? now) > now),
    ),
    family('gauge', 'override_active', 'Whether an emergency override is active.', (s) => {
      return Number((s.running.overrideUntil ?? now) > now);
    }),
    family('gauge', 'limit_requests_per_second', 'Admission limit, +Inf for none.', (s) => {
      return s.running.limitRequestsPerSecond ?? Number.POSITIVE_INFINITY;
    }),
    family(
      'gauge',
      'objective_latency_p95_seconds',
      'Objective.',
      objective((o) => o.latencyP95Seconds),
    ),
    family(
      'gauge',
      'objective_replicas_minimum',
      'Objective.',
      objective((o) => o.minimumReplicas),
    ),
    family(
      'gauge',
      'objective_replicas_budget',
      'Objective.',
      objective((o) => o.replicaBudget),
    ),
  ];
}

function labeledFamilies(world: World): MetricFamily[] {
  return [
    {
      name: 'testbed_requests_total',
      help: 'Requests answered, by code.',
      type: 'counter',
      samples: COMPONENTS.flatMap((component) =>
        CODES.map((code) => ({ labels: { component, code }, value: world.components[component].totals.codes[code] })),
      ),
    },
    {
      name: 'testbed_log_lines_total',
      help: 'Log lines, by level.',
      type: 'counter',
      samples: COMPONENTS.flatMap((component) =>
        LOG_LEVELS.map((level) => ({
          labels: { component, level },
          value: world.components[component].totals.logs[level],
        })),
      ),
    },
    {
      name: 'testbed_request_duration_seconds',
      help: 'Latency of requests that reached a worker, its wait included.',
      type: 'histogram',
      bounds: LATENCY_BUCKETS,
      samples: COMPONENTS.map((component) => ({
        labels: { component },
        histogram: world.components[component].totals.latency,
      })),
    },
  ];
}

function edgeFamilies(world: World): MetricFamily[] {
  const outcome = ['ok', 'failed'] as const;
  const edges = EDGES.flatMap(({ source, destination }, index) => {
    const state = world.edges[index];
    return state ? [{ source, destination, state }] : [];
  });
  return [
    {
      name: 'testbed_edge_requests_total',
      help: 'Calls between components as the caller counts them.',
      type: 'counter',
      samples: edges.flatMap(({ source, destination, state }) =>
        outcome.map((result) => ({ labels: { source, destination, result }, value: state[result] })),
      ),
    },
    {
      name: 'testbed_edge_retries_total',
      help: 'Calls made again after a failure.',
      type: 'counter',
      samples: edges.map(({ source, destination, state }) => ({
        labels: { source, destination },
        value: state.retries,
      })),
    },
    {
      name: 'testbed_edge_request_duration_seconds',
      help: 'Latency of calls, at the client and at the server side.',
      type: 'histogram',
      bounds: LATENCY_BUCKETS,
      samples: edges.flatMap(({ source, destination, state }) => [
        { labels: { source, destination, side: 'client' }, histogram: state.client },
        ...(destination === PROVIDER
          ? []
          : [{ labels: { source, destination, side: 'server' }, histogram: state.server }]),
      ]),
    },
  ];
}

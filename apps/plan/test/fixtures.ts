import {
  ActionType,
  type ActivePack,
  type Analysis,
  type RootCause,
  Strategy,
  Target,
  type TargetState,
  type Violation,
} from '@charter/shared/contracts';
import { newId } from '@charter/store';
import type { Beliefs } from '../src/domain/beliefs.ts';
import type { Situation } from '../src/domain/propose.ts';
import { released } from '../src/domain/storm-brake.ts';

export const noon = '2026-03-01T12:00:00.000Z';
type Written = ActivePack['documents'][number];
const written = (document: object): Written => JSON.parse(JSON.stringify(document));

const header = { apiVersion: 'charter/v1' };

export const violation = (change: Partial<Violation> = {}): Violation => ({
  id: newId(),
  fingerprint: 'a'.repeat(32),
  episode: 1,
  revision: 1,
  incidentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  environment: 'production',
  rule: 'orders-latency',
  component: 'orders',
  metric: 'latency_p95',
  severity: 'critical',
  state: 'firing',
  value: 2.4,
  threshold: 0.5,
  comparator: '>',
  labels: { component: 'orders' },
  description: 'p95 latency of orders is above 0.5 s',
  source: 'prometheus',
  query: 'latency_p95{component="orders"}',
  startedAt: noon,
  detectedAt: noon,
  resolvedAt: null,
  suppressed: null,
  ...change,
});

export const rootCause = (change: Partial<RootCause> = {}): RootCause => ({
  component: 'orders',
  metric: 'saturation',
  confidence: 0.9,
  evidence: [],
  ...change,
});

export function analysis(change: Partial<Analysis> = {}): Analysis {
  const incidentId = change.incidentId ?? newId();
  return {
    id: newId(),
    incidentId,
    revision: 1,
    environment: 'production',
    verdict: 'determined',
    mergedInto: null,
    violations: [violation({ incidentId })],
    patterns: [],
    rootCauses: [rootCause()],
    recommendations: [],
    confidence: 0.9,
    detectedAt: noon,
    analyzedAt: noon,
    ...change,
  };
}

/** A strategy as it is written in a pack. */
export const writtenStrategy = (name: string, actions: object[], rest: object = {}): Written =>
  written({
    ...header,
    kind: 'Strategy',
    metadata: { name },
    match: { metrics: ['*'] },
    expected: { success: 0.9 },
    ...rest,
    actions,
  });

export const strategy = (name: string, actions: object[], rest: object = {}): Strategy =>
  Strategy.parse(writtenStrategy(name, actions, rest));

export const scaleUp = (change: object = {}): object => ({
  action: 'SCALE_UP',
  parameters: { replicas: { scaleBy: 2 } },
  ...change,
});

export const writtenTarget = (name: string, rest: object = {}): Written =>
  written({
    ...header,
    kind: 'Target',
    metadata: { name },
    effector: { kind: 'testbed', url: 'http://127.0.0.1:8010', component: name },
    actions: ActionType.options,
    limits: { minReplicas: 1, maxReplicas: 20 },
    ...rest,
  });

export const target = (name: string, rest: object = {}): Target => Target.parse(writtenTarget(name, rest));

export const targetState = (name: string, change: Partial<TargetState> = {}): TargetState => ({
  name,
  class: 'service',
  group: 'default',
  effector: 'testbed',
  guarantee: 'keyed',
  actions: [...ActionType.options],
  spec: {
    replicas: 3,
    limitRequestsPerSecond: 400,
    weights: { a: 1, b: 1 },
    config: { timeoutSeconds: 2, retries: 1 },
    policyVersion: 'v2',
  },
  previousSpec: null,
  specHash: 'h',
  generation: 0,
  holder: null,
  blockedUntil: null,
  blockedReason: null,
  readAt: noon,
  ...change,
});

export const noBeliefs: Beliefs = { recommendations: new Map(), priors: new Map() };

export function situation(change: Partial<Situation> = {}): Situation {
  const names = ['gateway', 'orders', 'payments', 'database'];
  return {
    analysis: analysis(),
    rules: new Map(),
    strategies: [strategy('add-capacity', [scaleUp()])],
    targets: new Map(names.map((name) => [name, target(name)])),
    states: new Map(names.map((name) => [name, targetState(name)])),
    beliefs: noBeliefs,
    attempts: [],
    open: [],
    past: [],
    frozen: [],
    brake: released,
    now: noon,
    ...change,
  };
}

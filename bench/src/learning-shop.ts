import {
  type Analysis,
  actionProfiles,
  type Outcome,
  Strategy,
  Target,
  type TargetState,
} from '@charter/shared/contracts';
import { type FaultSituation, remedies } from './learning-situations.ts';

/** What the pack expects of the remedy its author would take first, and of the others. */
const expected = { runbook: 0.6, others: 0.45 } as const;
/** Classes as the demo pack gives them. */
const classOf = (component: string): string => classes[component] ?? 'service';
const classes: Readonly<Record<string, string>> = { gateway: 'edge', cache: 'store', database: 'store' };
export const nameOf = (remedy: string): string => remedy.replaceAll(' ', '-');

const parametersOf: Readonly<Record<string, object>> = {
  SCALE_UP: { replicas: { scaleBy: 2 } },
  THROTTLE_REQUESTS: { requestsPerSecond: 100 },
  UPDATE_CONFIGURATION: { key: 'timeoutSeconds', value: 1 },
  APPLY_POLICY: { version: 'v1' },
  BYPASS_VALIDATION: { ttlSeconds: 300 },
  ACTIVATE_EMERGENCY_OVERRIDE: { ttlSeconds: 300 },
};

/** A strategy costs what the reward says it does, so that plan and reward mean the same. */
export const strategyOf = (name: string, action: (typeof remedies)[number]['action'], isRunbook: boolean): Strategy =>
  Strategy.parse({
    apiVersion: 'charter/v1',
    kind: 'Strategy',
    metadata: { name: nameOf(name) },
    match: { metrics: ['*'] },
    actions: [{ action, parameters: parametersOf[action] ?? {}, cost: 0.3 * actionProfiles[action].cost }],
    expected: { success: isRunbook ? expected.runbook : expected.others, delay: '5s' },
    explore: true,
  });

export const targetOf = (name: string): Target =>
  Target.parse({
    apiVersion: 'charter/v1',
    kind: 'Target',
    metadata: { name },
    class: classOf(name),
    effector: { kind: 'testbed', url: 'http://127.0.0.1:8010', component: name },
    actions: Object.keys(actionProfiles),
  });

export const stateOf = (name: string, readAt: string): TargetState => ({
  name,
  class: classOf(name),
  group: 'default',
  effector: 'testbed',
  guarantee: 'keyed',
  actions: Object.keys(actionProfiles) as TargetState['actions'],
  spec: {
    replicas: 4,
    limitRequestsPerSecond: 400,
    weights: { a: 1, b: 2 },
    config: { timeoutSeconds: 2 },
    policyVersion: 'v2',
  },
  previousSpec: null,
  specHash: null,
  generation: 0,
  holder: null,
  blockedUntil: null,
  blockedReason: null,
  readAt,
});

export const violationOf = (
  component: string,
  metric: string,
  id: string,
  at: string,
): Analysis['violations'][number] => ({
  id,
  fingerprint: 'f'.repeat(32),
  episode: 1,
  revision: 1,
  incidentId: id,
  environment: 'test',
  rule: metric,
  component,
  metric,
  severity: 'critical',
  state: 'firing',
  value: 2,
  threshold: 1,
  comparator: '>',
  labels: {},
  description: '',
  source: 'prometheus',
  query: null,
  startedAt: at,
  detectedAt: at,
  resolvedAt: null,
  suppressed: null,
});

export function outcomeOf(fault: FaultSituation, metric: string, arm: number, helped: boolean, at: number): Outcome {
  const remedy = remedies[arm];
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  return {
    id,
    incidentId: id,
    planId: id,
    executionId: null,
    environment: 'test',
    component: fault.component,
    strategy: nameOf(remedy?.name ?? ''),
    rootCause: { component: fault.component, metric, confidence: 0.95 },
    actions: remedy ? [{ action: remedy.action, target: fault.component, targetClass: classOf(fault.component) }] : [],
    type: helped ? 'success' : 'ineffective',
    executed: true,
    disposition: 'executed',
    rolledBack: false,
    reason: '',
    evidence: [],
    startedAt: null,
    at: new Date(at).toISOString(),
    timeToStabilizeSeconds: helped ? 5 : null,
    propensity: 1,
  };
}

import { type KeyedTally, recommendationFrom, trialsOf } from '@charter/app-knowledge/lessons';
import { defaultSettings, propose, released, type Situation, selectPlan } from '@charter/app-plan/planner';
import { addTrial, createRandom, emptyTally } from '@charter/learning';
import {
  type Analysis,
  actionProfiles,
  type Outcome,
  Strategy,
  Target,
  type TargetState,
} from '@charter/shared/contracts';
import { badLuck, drawn, measureRun, type Round, type SelectionRun } from './learning-selection.ts';
import { type FaultSituation, remedies } from './learning-situations.ts';

/** What the pack expects of the remedy its author would take first, and of the others. */
const expected = { runbook: 0.6, others: 0.45 } as const;
const halfLifeDays = 90;
const minuteMs = 60_000;
const begin = Date.parse('2026-01-01T00:00:00Z');

/**
 * The selection as plan carries it out, on Knowledge's posteriors: candidates of a pack that grants exploring, ranked and drawn
 * by the planner's own code, outcomes learned by Knowledge's. After `incidents` of them scaling up stops working.
 */
export function simulatePlanned(
  situations: readonly FaultSituation[],
  { incidents, afterChange, seed }: { readonly incidents: number; readonly afterChange: number; readonly seed: number },
): SelectionRun {
  const random = createRandom(seed);
  const faults = [...Map.groupBy(situations, ({ kind, component }) => `${kind} ${component}`).values()];
  const tallies = new Map<string, KeyedTally>();
  const rounds: Round[] = [];
  let saved = 0;
  for (let index = 0; index < incidents + afterChange; index++) {
    const fault = drawn(faults, random);
    if (!fault) continue;
    const rewards = fault.rewards.map((reward, arm) =>
      index >= incidents && remedies[arm]?.name === 'scale up' ? 0 : reward,
    );
    const [cause = 'unknown'] = fault.words.split(' ');
    const facts = situationOf(fault, cause, tallies, saved, begin + index * minuteMs);
    const proposal = propose(facts, defaultSettings);
    const { running } = proposal;
    const { index: place, credit } = selectPlan(
      running,
      facts,
      proposal,
      defaultSettings,
      `${String(seed)}/${String(index)}`,
    );
    const strategy = running[place]?.candidate.strategy;
    const arm = remedies.findIndex(({ name }) => nameOf(name) === strategy);
    const runbook = rewards[fault.runbook] ?? 0;
    const learned = arm < 0 ? 0 : (rewards[arm] ?? 0);
    rounds.push({ best: Math.max(...rewards), runbook, learned });
    if (arm < 0) continue;
    const helped = learned > 0 && random.uniform() >= badLuck;
    if (credit) saved += credit.explored ? (helped ? 1 : 0) - credit.bar : credit.now;
    learn(tallies, outcomeOf(fault, cause, arm, helped, begin + index * minuteMs));
  }
  return measureRun(rounds, incidents);
}

const nameOf = (remedy: string): string => remedy.replaceAll(' ', '-');

function learn(tallies: Map<string, KeyedTally>, outcome: Outcome): void {
  for (const { key, trial } of trialsOf(outcome)) {
    const id = JSON.stringify(key);
    const { tally } = tallies.get(id) ?? { tally: emptyTally };
    tallies.set(id, { ...key, tally: addTrial(tally, trial, halfLifeDays) });
  }
}

function situationOf(
  { component, runbook }: FaultSituation,
  metric: string,
  tallies: ReadonlyMap<string, KeyedTally>,
  saved: number,
  at: number,
): Situation {
  const now = new Date(at).toISOString();
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const analysis: Analysis = {
    id,
    incidentId: id,
    revision: 1,
    environment: 'test',
    verdict: 'determined',
    mergedInto: null,
    violations: [violationOf(component, metric, id, now)],
    patterns: [],
    rootCauses: [{ component, metric, confidence: 0.95, evidence: [] }],
    recommendations: [],
    confidence: 0.95,
    detectedAt: now,
    analyzedAt: now,
  };
  const recommendation = recommendationFrom(
    [...tallies.values()],
    { rootCause: metric, component },
    () => 'observe',
    halfLifeDays,
  );
  return {
    analysis,
    rules: new Map(),
    strategies: remedies.map(({ name, action }, arm) => strategyOf(name, action, arm === runbook)),
    targets: new Map([[component, targetOf(component)]]),
    states: new Map([[component, stateOf(component, now)]]),
    beliefs: { recommendations: new Map([[`${component}/${metric}`, recommendation]]), priors: new Map() },
    attempts: [],
    open: [],
    past: [],
    frozen: [],
    brake: released,
    saved,
    now,
  };
}

const parametersOf: Readonly<Record<string, object>> = {
  SCALE_UP: { replicas: { scaleBy: 2 } },
  THROTTLE_REQUESTS: { requestsPerSecond: 100 },
  UPDATE_CONFIGURATION: { key: 'timeoutSeconds', value: 1 },
  APPLY_POLICY: { version: 'v1' },
  BYPASS_VALIDATION: { ttlSeconds: 300 },
  ACTIVATE_EMERGENCY_OVERRIDE: { ttlSeconds: 300 },
};

/** A strategy costs what the reward says it does, so that plan and reward mean the same. */
const strategyOf = (name: string, action: (typeof remedies)[number]['action'], isRunbook: boolean): Strategy =>
  Strategy.parse({
    apiVersion: 'charter/v1',
    kind: 'Strategy',
    metadata: { name: nameOf(name) },
    match: { metrics: ['*'] },
    actions: [{ action, parameters: parametersOf[action] ?? {}, cost: 0.3 * actionProfiles[action].cost }],
    expected: { success: isRunbook ? expected.runbook : expected.others, delay: '5s' },
    explore: true,
  });

const targetOf = (name: string): Target =>
  Target.parse({
    apiVersion: 'charter/v1',
    kind: 'Target',
    metadata: { name },
    effector: { kind: 'testbed', url: 'http://127.0.0.1:8010', component: name },
    actions: Object.keys(actionProfiles),
  });

const stateOf = (name: string, readAt: string): TargetState => ({
  name,
  class: 'service',
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

const violationOf = (component: string, metric: string, id: string, at: string): Analysis['violations'][number] => ({
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

function outcomeOf(fault: FaultSituation, metric: string, arm: number, helped: boolean, at: number): Outcome {
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
    actions: remedy ? [{ action: remedy.action, target: fault.component, targetClass: 'service' }] : [],
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

import { defaultSettings, draftPlan, propose, type Situation } from '@charter/app-plan/planner';
import { type Analysis, Strategy, Target, type TargetState } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import type { BenchRow } from '../bench-row.ts';
import { percentile } from '../loop/percentile.ts';

const candidates = 200;
const warmUp = 50;
const rounds = 500;
const targetMs = 50;
const now = '2026-03-01T12:00:00.000Z';
const header = { apiVersion: 'charter/v1' };
const actions = ['SCALE_UP', 'RESTART_SERVICE', 'THROTTLE_REQUESTS', 'UPDATE_CONFIGURATION'] as const;

/** From an analysis to the plan as it is recorded, all alternatives explained, beside a loop that only scores and sorts. */
export function measurePlanning(): BenchRow[] {
  const situation = situationOf(candidates);
  const plan = (): number => {
    const proposal = propose(situation, defaultSettings);
    const best = proposal.running[0]?.candidate ?? null;
    const choice = {
      candidate: best,
      refused: new Map<string, string>(),
      mode: 'auto' as const,
      approval: 'auto_approved' as const,
      obligations: {},
      decisionIds: [],
      reasons: [],
    };
    const drafted = draftPlan(
      { id: newId(), analysis: situation.analysis, proposal, choice, watched: situation, now, expiresAt: now },
      defaultSettings,
    );
    return drafted.alternatives.length;
  };
  const weighed = plan();
  if (weighed !== candidates + 1)
    throw new Error(`${String(weighed)} alternatives were weighed, not ${String(candidates + 1)}`);
  const ours = percentile(timesOf(plan), 0.99);
  const limit = percentile(timesOf(scoringLoop()), 0.99);
  return [
    {
      name: `planning with ${String(candidates)} candidates, p99`,
      value: ours,
      unit: 'ms',
      better: 'lower',
      reference: { name: 'a loop that only scores and sorts', value: limit },
      ratio: ours / limit,
      target: `< ${String(targetMs)} ms`,
    },
  ];
}

function timesOf(work: () => unknown): number[] {
  for (let round = 0; round < warmUp; round += 1) work();
  return Array.from({ length: rounds }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
}

/** What no planner can be faster than: one multiplication and two subtractions a candidate, and one sort. */
function scoringLoop(): () => number {
  const scored = Array.from({ length: candidates }, (_, index) => ({
    success: (index % 97) / 97,
    cost: (index % 13) / 40,
    risk: (index % 7) / 30,
  }));
  return () => {
    const utilities = scored.map(({ success, cost, risk }) => success * 0.9 - cost - risk);
    return utilities.sort((a, b) => b - a)[0] ?? 0;
  };
}

function situationOf(count: number): Situation {
  const names = Array.from({ length: 20 }, (_, index) => `service-${String(index)}`);
  const incidentId = newId();
  const analysis: Analysis = {
    id: newId(),
    incidentId,
    revision: 1,
    environment: 'production',
    verdict: 'determined',
    mergedInto: null,
    violations: [
      {
        id: newId(),
        fingerprint: 'a'.repeat(32),
        episode: 1,
        revision: 1,
        incidentId,
        environment: 'production',
        rule: 'latency',
        component: 'service-0',
        metric: 'latency_p95',
        severity: 'critical',
        state: 'firing',
        value: 2.4,
        threshold: 0.5,
        comparator: '>',
        labels: {},
        description: '',
        source: 'prometheus',
        query: 'latency_p95',
        startedAt: now,
        detectedAt: now,
        resolvedAt: null,
        suppressed: null,
      },
    ],
    patterns: [],
    rootCauses: [{ component: 'service-0', metric: 'saturation', confidence: 0.9, evidence: [] }],
    recommendations: [],
    confidence: 0.9,
    detectedAt: now,
    analyzedAt: now,
  };
  return {
    analysis,
    rules: new Map(),
    strategies: Array.from({ length: count }, (_, index) => strategyOf(index)),
    targets: new Map(names.map((name, index) => [name, targetOf(name, names[index + 1])])),
    states: new Map(names.map((name) => [name, stateOf(name)])),
    beliefs: { recommendations: new Map(), priors: new Map() },
    attempts: [],
    open: [],
    past: [],
    frozen: [],
    brake: { since: null, calmSince: null },
    now,
  };
}

function strategyOf(index: number): Strategy {
  const parameters = {
    SCALE_UP: { replicas: { add: 1 + (index % 5) } },
    RESTART_SERVICE: {},
    THROTTLE_REQUESTS: { requestsPerSecond: 100 + index },
    UPDATE_CONFIGURATION: { key: 'workers', value: 10 + index },
  };
  const steps = actions.slice(0, 1 + (index % actions.length)).map((action, step) => ({
    id: `step-${String(step)}`,
    action,
    target: `service-${String((index + step) % 20)}`,
    parameters: parameters[action],
    ...(step === 0 ? {} : { dependsOn: [`step-${String(step - 1)}`] }),
  }));
  return Strategy.parse({
    ...header,
    kind: 'Strategy',
    metadata: { name: `strategy-${String(index)}` },
    match: { metrics: ['satur*'], components: ['service-*'] },
    expected: { success: 0.3 + (index % 60) / 100, delay: '10s' },
    actions: steps,
  });
}

const targetOf = (name: string, dependsOn: string | undefined): Target =>
  Target.parse({
    ...header,
    kind: 'Target',
    metadata: { name },
    effector: { kind: 'testbed', url: 'http://127.0.0.1:8010', component: name },
    actions,
    dependsOn: dependsOn === undefined ? [] : [dependsOn],
    signals: [{ name: 'errors', query: `errors{component="${name}"}`, worse: 'up' }],
  });

const stateOf = (name: string): TargetState => ({
  name,
  class: 'service',
  group: 'default',
  effector: 'testbed',
  guarantee: 'keyed',
  actions: [...actions],
  spec: { replicas: 3, limitRequestsPerSecond: 400, config: { workers: 4 } },
  previousSpec: null,
  specHash: 'h',
  generation: 0,
  holder: null,
  blockedUntil: null,
  blockedReason: null,
  readAt: now,
});

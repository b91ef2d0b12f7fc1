import { type KeyedTally, recommendationFrom, trialsOf } from '@charter/app-knowledge/lessons';
import {
  type Attempt,
  defaultSettings,
  propose,
  released,
  type Situation,
  selectPlan,
} from '@charter/app-plan/planner';
import { addTrial, createRandom, emptyTally } from '@charter/learning';
import type { Analysis, Outcome } from '@charter/shared/contracts';
import { badLuck, drawn, measureRun, type Round, type SelectionRun } from './learning-selection.ts';
import { nameOf, outcomeOf, stateOf, strategyOf, targetOf, violationOf } from './learning-shop.ts';
import { type FaultSituation, remedies } from './learning-situations.ts';

const halfLifeDays = 90;
const minuteMs = 60_000;
const tryMs = 15_000;
const begin = Date.parse('2026-01-01T00:00:00Z');

export interface PlannedOptions {
  readonly incidents: number;
  readonly afterChange: number;
  readonly seed: number;
  /** How many remedies one incident may take; 1 stops after the first, the loop goes on to the next. */
  readonly tries: number;
}

/**
 * The selection as plan carries it out, on Knowledge's posteriors: candidates of a pack that grants exploring, ranked and drawn
 * by the planner's own code, outcomes learned by Knowledge's. After `incidents` of them scaling up stops working. Whatever an
 * incident goes on to, its reward is that of its first remedy.
 */
export function simulatePlanned(situations: readonly FaultSituation[], options: PlannedOptions): SelectionRun {
  const { incidents, afterChange, seed, tries } = options;
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
    const attempts: Attempt[] = [];
    for (let attempt = 0; attempt < tries; attempt++) {
      const at = begin + index * minuteMs + attempt * tryMs;
      const facts = { ...situationOf(fault, cause, tallies, saved, at), attempts };
      const proposal = propose(facts, defaultSettings);
      const open = [...proposal.running, ...proposal.exploring];
      const seeded = `${String(seed)}/${String(index)}/${String(attempt)}`;
      const { index: place, credit } = selectPlan(open, facts, proposal, defaultSettings, seeded);
      const strategy = open[place]?.candidate.strategy;
      const arm = remedies.findIndex(({ name }) => nameOf(name) === strategy);
      const learned = arm < 0 ? 0 : (rewards[arm] ?? 0);
      if (attempt === 0) rounds.push({ best: Math.max(...rewards), runbook: rewards[fault.runbook] ?? 0, learned });
      if (strategy === undefined) break;
      const helped = learned > 0 && random.uniform() >= badLuck;
      if (credit) saved += credit.explored ? (helped ? 1 : 0) - credit.bar : credit.now;
      learn(tallies, outcomeOf(fault, cause, arm, helped, at));
      if (helped) break;
      attempts.push(failed(strategy, fault.component, at));
    }
  }
  return measureRun(rounds, incidents);
}

const failed = (strategy: string, component: string, at: number): Attempt => ({
  planId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  strategy,
  component,
  status: 'executed',
  executionState: 'completed',
  outcome: 'ineffective',
  endedAt: new Date(at).toISOString(),
});

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

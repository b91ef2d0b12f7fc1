import { type PolicyName, policies } from './policies/policies.ts';
import { type PolicyRun, runPolicy } from './run-policy.ts';
import type { SwimSettings } from './settings.ts';
import { type Arrivals, traceFor } from './trace.ts';
import type { UtilityName } from './utility.ts';

export interface Experiment {
  readonly settings: SwimSettings;
  readonly utility: UtilityName;
  readonly seeds: number;
  /** One recorded trace for all seeds; a synthetic one for each seed when absent. */
  readonly trace?: Arrivals;
}

export interface PolicyResult {
  readonly policy: PolicyName;
  /** Mean over the seeds, and its standard error. */
  readonly utility: number;
  readonly standardError: number;
  readonly latePeriods: number;
  readonly actions: number;
  /** Mean utility over the oracle's. */
  readonly toOracle: number;
  /** Seeds on which doing nothing was better. */
  readonly belowNothing: number;
  readonly utilities: readonly number[];
}

export interface ExperimentResult {
  readonly results: readonly PolicyResult[];
  readonly simulatedHours: number;
  readonly hoursPerMinute: number;
}

/** Every policy on the same traces and seeds. */
export function runExperiment(experiment: Experiment): ExperimentResult {
  const { settings, utility, seeds, trace } = experiment;
  const names = Object.keys(policies) as PolicyName[];
  const runs = new Map<PolicyName, PolicyRun[]>(names.map((name) => [name, []]));
  const startedAt = performance.now();
  for (let seed = 1; seed <= seeds; seed += 1) {
    const arrivals = trace ?? traceFor(seed, settings);
    for (const name of names) runs.get(name)?.push(runPolicy(policies[name], { settings, utility, arrivals }, seed));
  }
  const minutes = (performance.now() - startedAt) / 60_000;
  const simulatedHours = (names.length * seeds * settings.until) / 3_600;
  const utilitiesOf = (name: PolicyName): number[] => (runs.get(name) ?? []).map((run) => run.utility);
  const best = mean(utilitiesOf('oracle'));
  const nothing = utilitiesOf('do nothing');
  const results = names.map((policy): PolicyResult => {
    const own = runs.get(policy) ?? [];
    const utilities = utilitiesOf(policy);
    return {
      policy,
      utility: mean(utilities),
      standardError: standardError(utilities),
      latePeriods: mean(own.map(({ latePeriods }) => latePeriods)),
      actions: mean(own.map(({ actions }) => actions)),
      toOracle: mean(utilities) / best,
      belowNothing: utilities.filter((value, n) => value < (nothing[n] ?? 0)).length,
      utilities,
    };
  });
  return { results, simulatedHours, hoursPerMinute: simulatedHours / minutes };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

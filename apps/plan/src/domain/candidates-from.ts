import { actionProfiles, type Pattern, type RootCause, type Strategy, type Violation } from '@charter/shared/contracts';
import { type Candidate, causeKey, jointShare } from './candidate.ts';
import { checkPreconditions } from './declared-preconditions.ts';
import { fillActions, type Surroundings } from './fill-actions.ts';
import { isApplicable } from './match-strategy.ts';

export interface CandidateFacts extends Surroundings {
  readonly strategies: readonly Strategy[];
  /** Ranked; the ones below the least confidence are the caller's to leave out. */
  readonly rootCauses: readonly RootCause[];
  readonly violations: readonly Violation[];
  readonly patterns: readonly Pattern[];
}

/** One candidate for each root cause and each strategy meant for it, those that cannot be carried out included. */
export function candidatesFrom(facts: CandidateFacts): Candidate[] {
  const { strategies, rootCauses, targets, violations, patterns } = facts;
  const candidates = rootCauses.flatMap((rootCause) =>
    strategies
      .filter((strategy) => isApplicable(strategy, rootCause, { targets, violations, patterns }))
      .map((strategy) => candidateFrom(strategy, rootCause, facts)),
  );
  return distinct(candidates);
}

function candidateFrom(strategy: Strategy, rootCause: RootCause, facts: CandidateFacts): Candidate {
  const { actions, changes, notes, blockedBy } = fillActions(strategy, rootCause, facts);
  const { met, unmet } = checkPreconditions(strategy.preconditions, { ...facts, rootCause });
  const touched = new Set(strategy.actions.map(({ target }) => target ?? rootCause.component));
  const classes = [...touched].map((name) => [name, facts.targets.get(name)?.class ?? 'service'] as const);
  const slowest = Math.max(...strategy.actions.map(({ delay }) => delay ?? 0));
  const { component, metric, confidence } = rootCause;
  return {
    id: `${strategy.metadata.name}@${causeKey(rootCause)}`,
    strategy: strategy.metadata.name,
    rung: strategy.rung,
    cause: { component, metric, confidence },
    actions,
    classes: Object.fromEntries(classes),
    changes,
    cost: jointShare(strategy.actions.map(({ action, cost }) => cost ?? actionProfiles[action].cost)),
    risk: jointShare(strategy.actions.map(({ action, risk }) => risk ?? actionProfiles[action].risk)),
    expectedSuccess: strategy.expected.success,
    expectedSeconds: strategy.expected.delay ?? slowest,
    notes: [...met, ...notes],
    blockedBy: unmet ?? blockedBy,
  };
}

/** The same strategy doing the same for two root causes is one candidate: the one for the likelier cause. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const byStrategy = Map.groupBy(candidates, ({ strategy }) => strategy);
  return [...byStrategy.values()].flatMap((group) => (group.length === 1 ? group : likeliestOf(group)));
}

function likeliestOf(group: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const candidate of group) {
    const key = candidate.blockedBy === null ? effectsText(candidate) : candidate.id;
    const known = best.get(key);
    if (!known || isLikelier(candidate, known)) best.set(key, candidate);
  }
  return [...best.values()];
}

const effectsText = ({ actions }: Candidate): string =>
  JSON.stringify(actions.map(({ id, action, target, parameters }) => [id, action, target, parameters]));

const isLikelier = (a: Candidate, b: Candidate): boolean =>
  a.cause.confidence > b.cause.confidence || (a.cause.confidence === b.cause.confidence && a.id < b.id);

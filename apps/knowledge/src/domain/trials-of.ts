import type { Trial } from '@charter/learning';
import type { Outcome, OutcomeType } from '@charter/shared/contracts';

/** What a tally counts: an action against a root cause, a strategy as a whole, or what goes away without acting. */
export interface TallyKey {
  readonly kind: 'action' | 'strategy' | 'recovery';
  readonly rootCause: string;
  readonly action: string;
  readonly targetClass: string;
  readonly target: string;
  readonly strategy: string;
}

export interface KeyedTrial {
  readonly key: TallyKey;
  readonly trial: Trial;
}

/** Class of targets that nobody gave one. */
export const unclassified = 'unclassified';

const nothing = { rootCause: '', action: '', targetClass: '', target: '', strategy: '' };

/** How far each type is a success; null cannot be told and teaches nothing. */
export const successOf: Readonly<Record<OutcomeType, number | null>> = {
  success: 1,
  partial: 0.5,
  ineffective: 0,
  degradation: 0,
  unknown: null,
};

/** What one outcome teaches: of each distinct action, of its strategy, or of the violation left alone. */
export function trialsOf(outcome: Outcome): KeyedTrial[] {
  const success = successOf[outcome.type];
  if (success === null) return [];
  const trial: Trial = {
    success,
    harm: outcome.type === 'degradation',
    sideEffect: outcome.evidence.some(({ role, resolved }) => role === 'neighbor' && resolved === false),
    seconds: success === 1 ? outcome.timeToStabilizeSeconds : null,
    ...(outcome.executed && outcome.attribution != null ? { weight: outcome.attribution } : {}),
    at: Date.parse(outcome.at),
  };
  if (!outcome.executed) {
    return violatedMetrics(outcome).map((rootCause) => ({ key: { ...nothing, kind: 'recovery', rootCause }, trial }));
  }
  const keys = new Map<string, TallyKey>();
  if (outcome.rootCause) {
    for (const { action, target, targetClass } of outcome.actions) {
      const { metric: rootCause } = outcome.rootCause;
      const { strategy } = outcome;
      keys.set(`${action} ${target}`, {
        kind: 'action',
        rootCause,
        action,
        targetClass: targetClass ?? unclassified,
        target,
        strategy,
      });
    }
  }
  if (outcome.actions.length > 0) keys.set('', { ...nothing, kind: 'strategy', strategy: outcome.strategy });
  return [...keys.values()].map((key) => ({ key, trial }));
}

/** The metric of the root cause and those of the violated rules. */
function violatedMetrics({ rootCause, evidence }: Outcome): string[] {
  const violated = evidence.filter(({ role }) => role === 'violated').map(({ metric }) => metric);
  return [...new Set([...(rootCause ? [rootCause.metric] : []), ...violated])];
}

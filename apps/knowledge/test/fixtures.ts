import type { Outcome } from '@charter/shared/contracts';
import { newId } from '@charter/store';

/** A restart of the cache that resolved its latency, unless `changes` say otherwise. */
export function outcomeOf(changes: Partial<Outcome> = {}): Outcome {
  return {
    id: newId(),
    incidentId: newId(),
    planId: newId(),
    executionId: newId(),
    environment: 'test',
    component: 'cache',
    strategy: 'restart-cache',
    rootCause: { component: 'cache', metric: 'latency_p95_seconds', confidence: 0.9 },
    actions: [{ action: 'RESTART_SERVICE', target: 'cache', targetClass: 'service' }],
    type: 'success',
    executed: true,
    disposition: 'executed',
    rolledBack: false,
    reason: 'all violated signals are back within their thresholds',
    evidence: [],
    startedAt: new Date(Date.now() - 8_000).toISOString(),
    at: new Date().toISOString(),
    timeToStabilizeSeconds: 6.5,
    propensity: 1,
    ...changes,
  };
}

/** Nothing was done about the cache's latency. */
export const leftAlone = (changes: Partial<Outcome> = {}): Outcome =>
  outcomeOf({
    executionId: null,
    strategy: 'null',
    actions: [],
    executed: false,
    disposition: 'null-plan',
    startedAt: null,
    timeToStabilizeSeconds: null,
    reason: 'the incident went away',
    ...changes,
  });

export const aboutMetric = (metric: string) => ({ rootCause: { component: 'cache', metric, confidence: 0.9 } });

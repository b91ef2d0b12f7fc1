import { type AlertMapping, type AlertRecord, evidenceOfAlerts } from './alert.ts';
import type { Observation } from './observation.ts';
import { type Answer, type Evaluation, observeQuery } from './observe-query.ts';
import type { MonitorSettings } from './settings.ts';
import type { SignalState } from './signal-state.ts';
import type { WatchRule } from './watch.ts';

/** A rule with a query, and what asking it gave. `at` in milliseconds. */
export interface Asked {
  readonly rule: WatchRule;
  readonly answer: Answer;
  readonly at: number;
}

export interface RoundContext extends AlertMapping {
  readonly settings: MonitorSettings;
}

/** What a round of questions says of every rule, and of what fires for rules that have left the pack. */
export function observeRules(
  asked: readonly Asked[],
  active: readonly SignalState[],
  context: RoundContext,
  now: number,
): { observations: Observation[]; evaluations: Evaluation[] } {
  const byRule = Map.groupBy(active, ({ rule }) => rule);
  const observations: Observation[] = [];
  const evaluations: Evaluation[] = [];
  for (const { rule, answer, at } of asked) {
    const seen = observeQuery(rule, answer, byRule.get(rule.name) ?? [], context, at);
    observations.push(...seen.observations);
    evaluations.push(seen.evaluation);
  }
  const hasPack = context.watch.packId !== '';
  const watched = new Set(asked.map(({ rule }) => rule.name));
  for (const { fingerprint, rule, queriedAt, source } of active) {
    const isOrphan = hasPack && queriedAt !== null && source === 'prometheus' && !watched.has(rule);
    if (isOrphan) {
      observations.push({ kind: 'withdrawn', fingerprint, subject: null, at: now, reason: 'left the active pack' });
    }
  }
  return { observations, evaluations };
}

/**
 * What all alerts say of their violations after a complete look at Alertmanager. What fires by alert although no alert stands
 * behind it any more is withdrawn; what recovers goes on recovering.
 */
export function observeAlerts(
  alerts: readonly AlertRecord[],
  active: readonly SignalState[],
  mapping: AlertMapping,
  now: number,
): Observation[] {
  const byViolation = Map.groupBy(alerts, ({ fingerprint }) => fingerprint);
  const observations: Observation[] = [];
  for (const [fingerprint, evidence] of byViolation) {
    const told = fingerprint === null ? null : evidenceOfAlerts(evidence, mapping, now);
    if (told) observations.push(told);
  }
  for (const { fingerprint, source, phase } of active) {
    if (source !== 'alertmanager' || byViolation.has(fingerprint)) continue;
    if (phase === 'recovering') observations.push({ kind: 'standing', fingerprint, subject: null, at: now });
    else if (phase === 'firing') {
      const reason = 'no alert stands behind it any more';
      observations.push({ kind: 'withdrawn', fingerprint, subject: null, at: now, reason });
    }
  }
  return observations;
}

/** What the charter told and has not taken back still holds. */
export const observeStanding = (active: readonly SignalState[], now: number): Observation[] =>
  active
    .filter(({ source }) => source === 'charter')
    .map(({ fingerprint }) => ({ kind: 'standing', fingerprint, subject: null, at: now }));

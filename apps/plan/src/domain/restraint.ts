import type { Analysis, Rule, Violation } from '@charter/shared/contracts';
import { type Attempt, isUncertain } from './attempt.ts';
import type { PlanningSettings } from './settings.ts';
import type { Brake } from './storm-brake.ts';

/** Why nothing is done whatever the candidates are worth. `code` tells one such answer from another. */
export interface Restraint {
  readonly code: 'suppressed' | 'undetermined' | 'unsure' | 'noisy' | 'storm' | 'uncertain';
  readonly reason: string;
}

export const isFiring = ({ state }: Violation): boolean => state === 'firing';

/** The violations that something may be done about. */
export const actionable = (violations: readonly Violation[]): Violation[] =>
  violations.filter((violation) => isFiring(violation) && violation.suppressed === null);

export function restraintOn(
  analysis: Analysis,
  rules: ReadonlyMap<string, Rule>,
  attempts: readonly Attempt[],
  brake: Brake,
  settings: PlanningSettings,
): Restraint | null {
  return (
    suppression(analysis) ??
    uncertainty(attempts) ??
    storm(brake) ??
    noise(analysis, rules, settings) ??
    doubt(analysis, settings)
  );
}

function suppression({ violations }: Analysis): Restraint | null {
  if (actionable(violations).length > 0) return null;
  const by = [
    ...new Set(
      violations.flatMap(({ suppressed }) => (suppressed ? [`${suppressed.by} ${suppressed.reference}`] : [])),
    ),
  ];
  return { code: 'suppressed', reason: `Nobody wants to hear of its violations now: ${by.join(', ')}` };
}

function uncertainty(attempts: readonly Attempt[]): Restraint | null {
  const open = attempts.find(isUncertain);
  if (!open) return null;
  return {
    code: 'uncertain',
    reason: `What plan ${open.planId} (${open.strategy}) did cannot be told; a person is asked before anything else is tried`,
  };
}

function storm(brake: Brake): Restraint | null {
  if (brake.since === null) return null;
  return {
    code: 'storm',
    reason: `Too much is unhealthy at once since ${brake.since}; no automatic change until it calms down`,
  };
}

function noise(
  { violations }: Analysis,
  rules: ReadonlyMap<string, Rule>,
  settings: PlanningSettings,
): Restraint | null {
  const isNoisy = ({ rule }: Violation): boolean => rules.get(rule)?.noisy ?? false;
  if (!actionable(violations).every(isNoisy) || violations.length >= settings.noisyBurst) return null;
  return {
    code: 'noisy',
    reason: `Its rules are marked noisy: ${String(violations.length)} of the ${String(settings.noisyBurst)} violations that make a burst`,
  };
}

function doubt({ verdict, rootCauses }: Analysis, settings: PlanningSettings): Restraint | null {
  const confidence = Math.max(0, ...rootCauses.map((rootCause) => rootCause.confidence));
  if (verdict === 'undetermined' || rootCauses.length === 0) {
    return { code: 'undetermined', reason: 'The analysis found no root cause' };
  }
  if (confidence >= settings.minConfidence) return null;
  return {
    code: 'unsure',
    reason: `The best root cause is only ${(confidence * 100).toFixed(0)} % certain; acting needs ${(settings.minConfidence * 100).toFixed(0)} %`,
  };
}

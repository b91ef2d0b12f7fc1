import type { MetricWatch, Target, Verification, VerificationSignal, Violation } from '@charter/shared/contracts';
import type { Candidate } from './candidate.ts';
import { actionable } from './restraint.ts';
import type { PlanningSettings } from './settings.ts';

const mostSignals = 100;
const worseBy = { up: '>', down: '<', both: '!=' } as const satisfies Record<MetricWatch['worse'], string>;

/** What to look at after acting: the violated rules themselves, then the signals of the targets and of what calls or serves them. */
export function verificationOf(
  candidate: Candidate | null,
  violations: readonly Violation[],
  targets: ReadonlyMap<string, Target>,
  settings: PlanningSettings,
): Verification {
  const violated = actionable(violations).map(violatedSignal);
  const neighbors = candidate ? neighborSignals(candidate, targets, violated) : [];
  return {
    signals: [...violated, ...neighbors].slice(0, mostSignals),
    delaySeconds: Math.max(0, ...(candidate?.actions.map(({ delaySeconds }) => delaySeconds) ?? [])),
    samples: settings.verifySamples,
    intervalSeconds: settings.verifyIntervalSeconds,
    windowSeconds: settings.verifyWindowSeconds,
  };
}

const violatedSignal = (violation: Violation): VerificationSignal => ({
  role: 'violated',
  fingerprint: violation.fingerprint,
  rule: violation.rule,
  component: violation.component,
  metric: violation.metric,
  query: violation.query,
  comparator: violation.comparator,
  threshold: violation.threshold,
  before: violation.value,
});

function neighborSignals(
  candidate: Candidate,
  targets: ReadonlyMap<string, Target>,
  violated: readonly VerificationSignal[],
): VerificationSignal[] {
  const acted = new Set(candidate.actions.map(({ target }) => target));
  const served = [...acted].flatMap((name) => targets.get(name)?.dependsOn ?? []);
  const callers = [...targets.values()].filter(({ dependsOn }) => dependsOn.some((name) => acted.has(name)));
  const names = new Set([...acted, ...callers.map(({ metadata }) => metadata.name), ...served]);
  const known = new Set(violated.map(({ component, metric }) => `${component}/${metric}`));
  return [...names].flatMap((component) =>
    (targets.get(component)?.signals ?? [])
      .filter(({ name }) => !known.has(`${component}/${name}`))
      .map(
        ({ name, query, worse }): VerificationSignal => ({
          role: 'neighbor',
          fingerprint: null,
          rule: name,
          component,
          metric: name,
          query,
          comparator: worseBy[worse],
          threshold: null,
          before: null,
        }),
      ),
  );
}

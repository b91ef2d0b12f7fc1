import type { Situation } from '@charter/app-plan/planner';
import { type Analysis, isBreaking, type Rule } from '@charter/shared/contracts';

/**
 * What a recorded analysis would still be of under other rules: violations whose rule is gone, or whose value no longer
 * breaks it, were not raised. Nothing is invented: what was never raised has left no record.
 */
export function watchAgain(analysis: Analysis, before: Situation['rules'], rules: ReadonlyMap<string, Rule>): Analysis {
  const violations = analysis.violations.flatMap((violation) => {
    const known = before.get(violation.rule);
    const rule = rules.get(violation.rule);
    if (known === undefined) return [violation]; // an alert without a rule of the pack
    if (rule === undefined) return [];
    const threshold = rule.threshold ?? violation.threshold;
    const isUnbroken =
      violation.value !== null && threshold !== null && !isBreaking(violation.value, rule.comparator, threshold);
    const isMoved = threshold !== violation.threshold || rule.comparator !== violation.comparator;
    if (isMoved && isUnbroken) return [];
    const severity = rule.severity === known.severity ? violation.severity : rule.severity;
    return [{ ...violation, severity, threshold, comparator: rule.comparator }];
  });
  return { ...analysis, violations };
}

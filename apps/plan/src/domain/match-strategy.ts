import type { Pattern, RootCause, Strategy, Target, Violation } from '@charter/shared/contracts';
import { matchesAny } from './matches-glob.ts';

/** Whether a strategy is meant for a root cause: everything it names must fit. */
export function isApplicable(
  strategy: Strategy,
  rootCause: RootCause,
  seen: {
    readonly targets: ReadonlyMap<string, Target>;
    readonly violations: readonly Violation[];
    readonly patterns: readonly Pattern[];
  },
): boolean {
  const { components, classes, metrics, rules, patterns } = strategy.match;
  const target = seen.targets.get(rootCause.component);
  return (
    matchesAny(components, [rootCause.component]) &&
    matchesAny(classes, target ? [target.class] : []) &&
    matchesAny(metrics, [rootCause.metric]) &&
    matchesAny(
      rules,
      seen.violations.map(({ rule }) => rule),
    ) &&
    (patterns === undefined || seen.patterns.some(({ kind }) => patterns.includes(kind)))
  );
}

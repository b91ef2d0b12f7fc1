import type { ViolationFact } from '@charter/detection';
import type { Violation } from '@charter/shared/contracts';

/** Where the problem was noticed first; of several at once the one that sorts first, so that order never matters. */
export function symptomOf(violations: readonly Violation[]): Violation | null {
  const [first] = [...violations].sort(
    (a, b) => a.startedAt.localeCompare(b.startedAt) || a.fingerprint.localeCompare(b.fingerprint),
  );
  return first ?? null;
}

/** A violation as the pattern rules read it. */
export const factFrom = ({ id, component, metric, severity, labels, startedAt }: Violation): ViolationFact => ({
  id,
  component,
  metric,
  severity,
  labels,
  at: Date.parse(startedAt) / 1_000,
});

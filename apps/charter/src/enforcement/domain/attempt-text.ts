import type { EscalationEvent } from '@charter/policy';

/** The event in a sentence that names numbers, metric, policy and source. */
export function attemptText({ metric, policy, attempt_count: count, action }: EscalationEvent, source: string): string {
  const asked = action === null ? '' : `; the policy asks for ${action}`;
  return `${String(count)} attempts to collect ${metric}, which ${policy} forbids, the last by ${source}${asked}`.slice(
    0,
    2_000,
  );
}

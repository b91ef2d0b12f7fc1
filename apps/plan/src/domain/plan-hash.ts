import { createHash } from 'node:crypto';
import type { PlannedAction } from '@charter/shared/contracts';
import { canonicalJson } from '@charter/shared/contracts';

/** SHA-256 over what a plan would do: environment, actions, parameters, order. An approval is bound to it. */
export function planHash(environment: string, actions: readonly PlannedAction[]): string {
  const effects = actions.map(({ id, action, target, parameters, dependsOn }) => ({
    id,
    action,
    target,
    parameters,
    dependsOn: dependsOn.toSorted(),
  }));
  return createHash('sha256')
    .update(canonicalJson({ environment, actions: effects }))
    .digest('hex');
}

import type { AutomationMode } from '@charter/shared/contracts';
import { type AutonomySubject, anyPolicy } from './autonomy-cases.ts';

/** How far automation may go by a record of the charter; null stands for all. */
export interface GrantFacts {
  readonly policy: string | null;
  readonly action: string | null;
  readonly targetClass: string | null;
  readonly mode: AutomationMode;
  readonly maximum: AutomationMode;
}

export type EarnedFacts = AutonomySubject & { readonly mode: AutomationMode; readonly reason: string };

const order = ['observe', 'approve', 'auto'] as const;
const lower = (a: AutomationMode, b: AutomationMode): AutomationMode => (order.indexOf(a) <= order.indexOf(b) ? a : b);
const precision = ({ policy, action, targetClass }: GrantFacts): number =>
  [policy, action, targetClass].filter((part) => part !== null).length;
export const grantKey = ({
  policy,
  action,
  targetClass,
}: Pick<GrantFacts, 'policy' | 'action' | 'targetClass'>): string => JSON.stringify([policy, action, targetClass]);

/**
 * What the charter is to be told of what was earned. People open the way with a grant that fits (autonomy is earned
 * nowhere else) and bound it by its maximum; where a person changed what was told before, it is only ever lowered. What was
 * earned under one policy is told for that policy alone; where the policy is not known, for each that a grant names.
 */
export function grantsToPublish(
  earned: readonly EarnedFacts[],
  grants: readonly GrantFacts[],
  told: ReadonlyMap<string, AutomationMode>,
): Array<GrantFacts & { readonly reason: string }> {
  return earned.flatMap(({ policy, action, targetClass, mode, reason }) => {
    const fitting = grants.filter(
      (grant) =>
        (policy === anyPolicy || grant.policy === null || grant.policy === policy) &&
        (grant.action === null || grant.action === action) &&
        (grant.targetClass === null || grant.targetClass === targetClass) &&
        !(grant.policy === null && grant.action === null && grant.targetClass === null),
    );
    const policyOf = (grant: GrantFacts): string | null => (policy === anyPolicy ? grant.policy : policy);
    return [...Map.groupBy(fitting, policyOf)].flatMap(([ofPolicy, group]) => {
      const [grant] = group.toSorted((a, b) => precision(b) - precision(a));
      if (!grant) return [];
      const own = { policy: ofPolicy, action, targetClass };
      const isOwn = grantKey(grant) === grantKey(own);
      const before = told.get(grantKey(own));
      const byPerson = isOwn && before !== undefined && before !== grant.mode;
      const wish = byPerson ? lower(mode, grant.mode) : mode;
      if (isOwn && wish === grant.mode) return [];
      return [{ ...own, mode: wish, maximum: grant.maximum, reason }];
    });
  });
}

import { lowerAutomation } from '@charter/policy';
import type { AutomationMode } from '@charter/shared/contracts';

/** How far automation may go for a policy, action and target class; `*` stands for all. */
export interface AutomationGrant {
  readonly policy: string;
  readonly action: string;
  readonly targetClass: string;
  /** What holds now: earned, or set by a person. */
  readonly mode: AutomationMode;
  /** What can be earned at most. */
  readonly maximum: AutomationMode;
}

export interface AutomationQuestion {
  readonly policy: string | null;
  readonly action: string;
  readonly targetClass: string | undefined;
}

/** The answer with everything it was made of; null sets no bound. */
export interface EffectiveAutomation {
  readonly mode: AutomationMode;
  readonly policy: AutomationMode | null;
  readonly granted: AutomationMode | null;
  readonly global: AutomationMode;
}

const ceilingOf = ({ mode, maximum }: AutomationGrant): AutomationMode => lowerAutomation(mode, maximum) ?? 'observe';
const fits = (pattern: string, value: string | null | undefined): boolean => pattern === '*' || pattern === value;
const precision = ({ policy, action, targetClass }: AutomationGrant): number =>
  [policy, action, targetClass].filter((part) => part !== '*').length;

export const isGlobal = (grant: Pick<AutomationGrant, 'policy' | 'action' | 'targetClass'>): boolean =>
  grant.policy === '*' && grant.action === '*' && grant.targetClass === '*';

/**
 * The lowest of what the policy allows at most, what is granted, and the global mode. The most precise grant counts, of
 * several the lowest. Where neither the policy nor a grant says anything, automation only observes.
 */
export function effectiveAutomation(
  question: AutomationQuestion,
  policyMaximum: AutomationMode | null,
  grants: readonly AutomationGrant[],
): EffectiveAutomation {
  const everywhere = grants.find(isGlobal);
  const global = everywhere ? ceilingOf(everywhere) : 'observe';
  const about = grants.filter(
    (grant) =>
      !isGlobal(grant) &&
      fits(grant.policy, question.policy) &&
      fits(grant.action, question.action) &&
      fits(grant.targetClass, question.targetClass),
  );
  const finest = Math.max(...about.map(precision));
  const granted = about
    .filter((grant) => precision(grant) === finest)
    .map(ceilingOf)
    .reduce<AutomationMode | null>(lowerAutomation, null);
  const saidSomewhere = lowerAutomation(policyMaximum, granted) ?? 'observe';
  return { mode: lowerAutomation(saidSomewhere, global) ?? 'observe', policy: policyMaximum, granted, global };
}

import type { AutonomyCase } from '@charter/learning';
import type { ActionType, Outcome } from '@charter/shared/contracts';
import { successOf, unclassified } from './trials-of.ts';

/** Stands for the policy of acts of which it is not known. */
export const anyPolicy = '*';

/** What autonomy is earned for: an action on a class of targets under the policy that lets it through. */
export interface AutonomySubject {
  readonly policy: string;
  readonly action: ActionType;
  readonly targetClass: string;
}

export const subjectName = ({ policy, action, targetClass }: AutonomySubject): string =>
  `${action} on ${targetClass}${policy === anyPolicy ? '' : ` under ${policy}`}`;

export type SubjectCase = AutonomySubject & { readonly one: AutonomyCase };

/** The cases an outcome adds, one per action and class under its policy; none while the outcome cannot be told. */
export function autonomyCasesOf(outcome: Outcome): SubjectCase[] {
  const success = successOf[outcome.type];
  if (success === null) return [];
  const one: AutonomyCase = {
    at: Date.parse(outcome.at),
    acted: outcome.executed,
    success,
    harm: outcome.executed && outcome.type === 'degradation',
  };
  const subjects = new Map<string, AutonomySubject>();
  for (const { action, targetClass } of outcome.actions) {
    const subject = { policy: outcome.policy ?? anyPolicy, action, targetClass: targetClass ?? unclassified };
    subjects.set(subjectName(subject), subject);
  }
  return [...subjects.values()].map((subject) => ({ ...subject, one }));
}

import type { AutonomyCase } from '@charter/learning';
import type { ActionType, Outcome } from '@charter/shared/contracts';
import { successOf, unclassified } from './trials-of.ts';

/** What autonomy is earned for: an action on a class of targets. */
export interface AutonomySubject {
  readonly action: ActionType;
  readonly targetClass: string;
}

export const subjectName = ({ action, targetClass }: AutonomySubject): string => `${action} on ${targetClass}`;

export type SubjectCase = AutonomySubject & { readonly one: AutonomyCase };

/** The cases an outcome adds, one per action and class; none while the outcome cannot be told. */
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
    const subject = { action, targetClass: targetClass ?? unclassified };
    subjects.set(subjectName(subject), subject);
  }
  return [...subjects.values()].map((subject) => ({ ...subject, one }));
}

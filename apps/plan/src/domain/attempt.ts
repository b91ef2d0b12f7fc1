import type { OutcomeType } from '@charter/shared/contracts';
import { z } from 'zod';

/** Where a plan is: handed on, waiting for people, or how it ended. */
export const PlanStatus = z.enum([
  'pending',
  'sent',
  'executed',
  'null-plan',
  'observed',
  'denied',
  'rejected',
  'expired',
  'withdrawn',
  'refused',
]);
export type PlanStatus = z.infer<typeof PlanStatus>;

/** A plan already made for this incident. */
export interface Attempt {
  readonly planId: string;
  readonly strategy: string;
  readonly component: string | null;
  readonly status: PlanStatus;
  /** State of its execution, when there is one. */
  readonly executionState: string | null;
  readonly outcome: OutcomeType | null;
}

/** Whether a plan still may act. */
export const isOpen = ({ status }: Pick<Attempt, 'status'>): boolean => status === 'pending' || status === 'sent';

/** Whether nobody can say what a plan did: then a person is asked before anything else is tried. */
export const isUncertain = ({ status, executionState, outcome }: Attempt): boolean =>
  status === 'executed' && executionState !== 'cancelled' && (executionState === 'uncertain' || outcome === 'unknown');

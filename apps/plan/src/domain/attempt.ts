import type { Instant, OutcomeType } from '@charter/shared/contracts';
import { z } from 'zod';
import type { PlanningSettings } from './settings.ts';

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
  readonly endedAt: Instant | null;
}

/** Whether a plan still may act. */
export const isOpen = ({ status }: Pick<Attempt, 'status'>): boolean => status === 'pending' || status === 'sent';

/** Whether nobody can say what a plan did: then a person is asked before anything else is tried. */
export const isUncertain = ({ status, executionState, outcome }: Attempt): boolean =>
  status === 'executed' && executionState !== 'cancelled' && (executionState === 'uncertain' || outcome === 'unknown');

/**
 * Until when an incident is left alone after a plan of it ended: what healed it takes a while to be reported as resolved,
 * and what execute just refused it would refuse again. Null when nothing holds it back.
 */
export function restsUntil(attempts: readonly Attempt[], settings: PlanningSettings): Instant | null {
  const ends = attempts.flatMap(({ status, outcome, endedAt }) => {
    const isHealed = status === 'executed' && outcome === 'success';
    const seconds = isHealed ? settings.settleSeconds : status === 'refused' ? settings.refusedSeconds : 0;
    return endedAt === null || seconds === 0 ? [] : [Date.parse(endedAt) + seconds * 1_000];
  });
  return ends.length === 0 ? null : new Date(Math.max(...ends)).toISOString();
}

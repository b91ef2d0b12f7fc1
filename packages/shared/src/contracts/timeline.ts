import { z } from 'zod';
import { Instant, Ulid } from './scalars.ts';

export const Stage = z.enum(['monitor', 'analyze', 'plan', 'charter', 'execute', 'knowledge', 'orchestrator']);
export type Stage = z.infer<typeof Stage>;

export const TimelineEvent = z.enum([
  'incident-opened',
  'violation-changed',
  'incident-cleared',
  'analyzed',
  'merged',
  'planned',
  'approval-requested',
  'approval-decided',
  'plan-ended',
  'execution-started',
  'step-started',
  'step-completed',
  'step-failed',
  'rolled-back',
  'verifying',
  'verified',
  'learned',
  'escalated',
  'closed',
]);
export type TimelineEvent = z.infer<typeof TimelineEvent>;

/** One line of an incident's story: what a stage saw or did, in a sentence a person can follow. */
export const TimelineEntry = z.object({
  incidentId: Ulid,
  stage: Stage,
  event: TimelineEvent,
  at: Instant,
  text: z.string().max(2000),
  data: z.record(z.string(), z.json()),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

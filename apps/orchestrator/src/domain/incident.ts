import { Instant, Labels, Name, Ulid } from '@charter/shared/contracts';
import { z } from 'zod';

export const IncidentState = z.enum([
  'open',
  'analyzed',
  'planned',
  'awaiting-approval',
  'executing',
  'verifying',
  'watching',
  'merged',
  'resolved',
]);
export type IncidentState = z.infer<typeof IncidentState>;

/** Where one incident stands: nothing but what its timeline says. */
export const Incident = z.object({
  id: Ulid,
  environment: Name,
  component: Name,
  severity: z.string(),
  state: IncidentState,
  summary: z.string(),
  rootCause: z.object({ component: Name, metric: z.string(), confidence: z.number() }).nullable(),
  strategy: z.string().nullable(),
  planId: Ulid.nullable(),
  executionId: Ulid.nullable(),
  outcome: z.string().nullable(),
  mergedInto: Ulid.nullable(),
  openedAt: Instant,
  updatedAt: Instant,
  resolvedAt: Instant.nullable(),
  deadlineAt: Instant,
  escalatedAt: Instant.nullable(),
  labels: Labels.optional(),
});
export type Incident = z.infer<typeof Incident>;

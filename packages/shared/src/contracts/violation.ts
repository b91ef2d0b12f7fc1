import { z } from 'zod';
import { Comparator, Instant, Labels, MetricName, Name, Severity, Ulid } from './scalars.ts';

export const ViolationSource = z.enum(['prometheus', 'alertmanager', 'charter']);
export type ViolationSource = z.infer<typeof ViolationSource>;

/** Why nothing may act on a violation although it fires. */
export const Suppression = z.object({
  by: z.enum(['silence', 'inhibition', 'window']),
  reference: z.string().max(500),
});
export type Suppression = z.infer<typeof Suppression>;

/** Points at one revision of one violation. */
export const ViolationRef = z.object({
  /** The episode's record; a recurrence gets a new one. */
  id: Ulid,
  /** Stable hash of environment, component and rule, 32 hex digits: same fingerprint, same problem. */
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
  episode: z.int().min(1),
  revision: z.int().min(1),
});
export type ViolationRef = z.infer<typeof ViolationRef>;

/** A signal that broke a threshold, as of one revision. */
export const Violation = ViolationRef.extend({
  incidentId: Ulid,
  environment: Name,
  rule: Name,
  component: Name,
  metric: MetricName,
  severity: Severity,
  state: z.enum(['firing', 'resolved']),
  /** Last observed value in the rule's own unit; null when only an alert said so. */
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  comparator: Comparator,
  labels: Labels,
  description: z.string().max(4000),
  source: ViolationSource,
  /** The PromQL that raised it, so that verification can ask the same again; null for alert-only and charter events. */
  query: z.string().max(8000).nullable(),
  startedAt: Instant,
  detectedAt: Instant,
  resolvedAt: Instant.nullable(),
  suppressed: Suppression.nullable(),
});
export type Violation = z.infer<typeof Violation>;

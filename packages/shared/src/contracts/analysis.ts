import { z } from 'zod';
import { Instant, Labels, MetricName, Name, Ratio, Ulid } from './scalars.ts';
import { Violation } from './violation.ts';

export const PatternKind = z.enum(['temporal', 'spatial', 'causal', 'frequency']);
export type PatternKind = z.infer<typeof PatternKind>;

export const Pattern = z.object({
  kind: PatternKind,
  confidence: Ratio,
  components: z.array(Name).max(200),
  description: z.string().max(2000),
});
export type Pattern = z.infer<typeof Pattern>;

/** What speaks for a root cause: which series moved, when, and how far. */
export const Evidence = z.object({
  series: z.string().max(500),
  labels: Labels.optional(),
  changedAt: Instant.nullable(),
  /** Typical value before and at the time of the violation, in the series' own unit. */
  before: z.number().nullable(),
  after: z.number().nullable(),
  /** Distance in robust standard deviations of the healthy window. */
  deviation: z.number().nullable(),
  text: z.string().max(1000),
});
export type Evidence = z.infer<typeof Evidence>;

export const RootCause = z.object({
  component: Name,
  metric: MetricName,
  confidence: Ratio,
  evidence: z.array(Evidence).max(50),
});
export type RootCause = z.infer<typeof RootCause>;

/** The answer to an incident: patterns and ranked root causes, or undetermined. */
export const Analysis = z.object({
  id: Ulid,
  incidentId: Ulid,
  revision: z.int().min(1),
  environment: Name,
  verdict: z.enum(['determined', 'undetermined']),
  /** The incident that this one turned out to be a part of. */
  mergedInto: Ulid.nullable(),
  violations: z.array(Violation).max(500),
  patterns: z.array(Pattern).max(50),
  rootCauses: z.array(RootCause).max(50),
  recommendations: z.array(z.string().max(1000)).max(50),
  confidence: Ratio,
  detectedAt: Instant,
  analyzedAt: Instant,
});
export type Analysis = z.infer<typeof Analysis>;

import { z } from 'zod';
import { Analysis } from './analysis.ts';
import { Outcome } from './outcome.ts';
import { Plan } from './plan.ts';
import { defineQueue } from './queue.ts';
import { Instant, Labels, MetricName, Name, Ratio, Severity, Ulid } from './scalars.ts';
import { TimelineEntry } from './timeline.ts';
import { Violation } from './violation.ts';

/** An enforcement event of the Charter, on its way to becoming a violation. */
export const Signal = z.object({
  rule: Name,
  component: Name,
  environment: Name,
  metric: MetricName,
  severity: Severity,
  state: z.enum(['firing', 'resolved']),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  labels: Labels,
  description: z.string().max(4000),
  at: Instant,
});
export type Signal = z.infer<typeof Signal>;

/** Observe now, or because the schedule says so. */
export const CycleRequest = z.object({ id: Ulid, trigger: z.enum(['schedule', 'webhook', 'manual']), at: Instant });
export type CycleRequest = z.infer<typeof CycleRequest>;

/** A change that an insight justifies, for the stage that reads it. */
export const Adaptation = z.object({
  id: Ulid,
  kind: z.enum(['strategy-belief', 'threshold', 'rate', 'confidence', 'hold']),
  subject: z.string().max(500),
  value: z.number(),
  confidence: Ratio,
  reason: z.string().max(2000),
  at: Instant,
  /** Of kind `confidence`: what a confidence stands for, ascending, to be interpolated. */
  points: z
    .array(z.object({ from: Ratio, to: Ratio }))
    .max(50)
    .optional(),
});
export type Adaptation = z.infer<typeof Adaptation>;

export const signalQueue = defineQueue({ name: 'signals', data: Signal });
export const cycleQueue = defineQueue({ name: 'cycles', data: CycleRequest });
export const violationQueue = defineQueue({ name: 'violations', data: Violation });
export const analysisQueue = defineQueue({ name: 'analyses', data: Analysis });
export const planQueue = defineQueue({ name: 'plans', data: Plan });
export const outcomeQueue = defineQueue({ name: 'outcomes', data: Outcome });
export const timelineQueue = defineQueue({ name: 'timeline', data: TimelineEntry });
export const monitorAdaptationQueue = defineQueue({ name: 'adaptations-monitor', data: Adaptation });
export const analyzeAdaptationQueue = defineQueue({ name: 'adaptations-analyze', data: Adaptation });
export const planAdaptationQueue = defineQueue({ name: 'adaptations-plan', data: Adaptation });

/** Where jobs end that no consumer may take: forged, malformed, or failed too often. */
export const deadLetterQueueName = 'dead-letters';

/** The prefix of every queue in Redis; the braces keep a queue's keys in one cluster slot. */
export const queuePrefix = '{charter}';

export const queues = [
  signalQueue,
  cycleQueue,
  violationQueue,
  analysisQueue,
  planQueue,
  outcomeQueue,
  timelineQueue,
  monitorAdaptationQueue,
  analyzeAdaptationQueue,
  planAdaptationQueue,
] as const;

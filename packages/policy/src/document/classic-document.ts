import { z } from 'zod';

const name = z.string().min(1).max(200);
const metricName = z.string().min(1).max(256);
/** A metric is a bare name or an object that carries one beside notes of its own. */
const ClassicMetric = z.union([
  metricName,
  z.looseObject({ name: metricName }),
  z.looseObject({ metric_name: metricName }),
]);
export type ClassicMetric = z.infer<typeof ClassicMetric>;
const ClassicMetrics = z.array(ClassicMetric).max(5_000);
const hours = z.number().min(0).max(1_000_000);

/**
 * The classic form. Its top-level keys are closed, so that a misspelt one is refused; inside a section further keys
 * are kept as they are, and printing gives back what was read.
 */
export const ClassicDocument = z.strictObject({
  charter: z.looseObject({
    name,
    version: z.union([name, z.number()]),
    metadata: z
      .looseObject({
        environment: name.optional(),
        status: z.enum(['active', 'pending']).optional(),
        requires_approval: z.boolean().optional(),
      })
      .optional(),
  }),
  whitelisted_metrics: z.union([z.record(z.string(), ClassicMetrics), ClassicMetrics]).optional(),
  forbidden_metrics: z.union([ClassicMetrics, z.record(z.string(), ClassicMetrics)]).optional(),
  access_control: z
    .looseObject({
      read_access: z
        .array(
          z.looseObject({
            role: name,
            requires_approval: z.boolean().optional(),
            approval_ttl_hours: hours.optional(),
          }),
        )
        .max(1_000)
        .optional(),
    })
    .optional(),
  violation_policy: z
    .looseObject({
      levels: z
        .array(z.looseObject({ name, threshold: z.int().min(1).max(1_000_000), action: name.optional() }))
        .max(20)
        .optional(),
    })
    .optional(),
  emergency_override: z
    .looseObject({
      enabled: z.boolean().optional(),
      auto_renewal_hours: hours.optional(),
      requires_dao_vote: z.boolean().optional(),
      requires_minimum_quorum_percent: z.number().min(0).max(100).optional(),
      max_duration_hours: hours.optional(),
    })
    .optional(),
  whistleblower_policy: z
    .looseObject({
      enabled: z.boolean().optional(),
      anonymous_reporting: z.boolean().optional(),
      protected_channels: z.array(z.string()).optional(),
    })
    .optional(),
});
export type ClassicDocument = z.infer<typeof ClassicDocument>;

import { z } from 'zod';

/** The Charter's own components that can be acted on. */
export const componentNames = ['evaluation', 'committee'] as const;
export type ComponentName = (typeof componentNames)[number];

export const operations = ['scale', 'restart', 'throttle', 'rebalance', 'config', 'bypass'] as const;
export type Operation = (typeof operations)[number];

/** What evaluates batches of samples. */
export const EvaluationSpec = z.strictObject({
  /** Batches evaluated side by side. */
  replicas: z.int().min(1).max(64),
  /** Samples a second that are let in on each replica of the service; null for no limit. */
  limitRequestsPerSecond: z.number().positive().max(1e7).nullable(),
  /** Turns that batches of up to `batchSize` samples get for each that larger ones get. */
  weights: z.strictObject({ small: z.number().min(0).max(1_000), large: z.number().min(0).max(1_000) }),
  config: z.strictObject({
    /** Samples evaluated in one go, before others get their turn. */
    batchSize: z.int().min(1).max(10_000),
    /** A batch that is not evaluated within this is refused. */
    timeoutMs: z.int().min(10).max(60_000),
    /** Batches that wait at most. */
    queueLimit: z.int().min(1).max(100_000),
  }),
  /** Until then samples that no rule names are let through; forbidden ones never are. */
  bypassUntil: z.iso.datetime().nullable(),
});
export type EvaluationSpec = z.infer<typeof EvaluationSpec>;

/** What delivers notices to the committee. */
export const CommitteeSpec = z.strictObject({
  replicas: z.int().min(1).max(100),
  config: z.strictObject({ noticeTimeoutMs: z.int().min(10).max(60_000) }),
});
export type CommitteeSpec = z.infer<typeof CommitteeSpec>;

export interface ComponentSpecs {
  readonly evaluation: EvaluationSpec;
  readonly committee: CommitteeSpec;
}

export const specSchemas = { evaluation: EvaluationSpec, committee: CommitteeSpec } as const;

export const initialSpecs: ComponentSpecs = {
  evaluation: {
    replicas: 5,
    limitRequestsPerSecond: null,
    weights: { small: 3, large: 1 },
    config: { batchSize: 500, timeoutMs: 5_000, queueLimit: 1_000 },
    bypassUntil: null,
  },
  committee: { replicas: 3, config: { noticeTimeoutMs: 2_000 } },
};

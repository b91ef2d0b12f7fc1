import { z } from 'zod';
import { numberFrom } from './sample-value.ts';

const Value = z.string().transform((text, context) => {
  const value = numberFrom(text);
  if (value !== null) return value;
  context.addIssue({ code: 'custom', message: 'is no number' });
  return z.NEVER;
});

/** Unix time in seconds, and the value. */
const Point = z.tuple([z.number(), Value]);
const SeriesLabels = z.record(z.string(), z.string());

/** Answer of `/api/v1/query` and `/api/v1/query_range` (Prometheus HTTP API v1). */
export const QueryResult = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: SeriesLabels, value: Point.optional(), histogram: z.unknown().optional() })),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(
        z.object({ metric: SeriesLabels, values: z.array(Point).default([]), histograms: z.unknown().optional() }),
      ),
    }),
    z.object({ resultType: z.literal('scalar'), result: Point }),
    z.object({ resultType: z.literal('string'), result: z.unknown() }),
  ]),
  warnings: z.array(z.string()).default([]),
  infos: z.array(z.string()).default([]),
});
export type QueryResult = z.infer<typeof QueryResult>;

/** Older servers put hints about the query among the warnings. */
const isHint = (warning: string): boolean => warning.startsWith('PromQL info:');

/** Warnings that mean that data is missing. */
export const dataWarnings = ({ warnings }: QueryResult): string[] => warnings.filter((warning) => !isHint(warning));

/** Remarks on the query itself. */
export const hintsOf = ({ warnings, infos }: QueryResult): string[] => [...infos, ...warnings.filter(isHint)];

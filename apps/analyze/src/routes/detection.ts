import { scoreSeries } from '@charter/detection';
import { role } from '@charter/service';
import { Instant, Labels, MetricName, Name, Pattern, Ratio, RootCause, Severity } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findCause } from '../domain/find-cause.ts';

/** RFC 3339, or a number since the epoch: seconds, or milliseconds where seconds would lie beyond the year 5138. */
const Time = z.union([Instant, z.number().min(0).max(1e14)]);
const Value = z.number().nullable();
const most = { series: 5_000, points: 200_000, violations: 10_000, edges: 20_000 };

const SeriesBody = z
  .strictObject({
    component: Name,
    metric: MetricName,
    labels: Labels.optional(),
    timestamps: z.array(Time).max(most.points),
    values: z.array(Value).max(most.points),
  })
  .refine(({ timestamps, values }) => timestamps.length === values.length, {
    path: ['values'],
    message: 'has another length than timestamps',
  });

const AnalysisBody = z.strictObject({
  detectedAt: Time,
  violations: z
    .array(
      z.strictObject({
        id: z.string().max(200).optional(),
        component: Name,
        metric: MetricName,
        at: Time.optional(),
        severity: Severity.default('warning'),
        value: Value.optional(),
        threshold: Value.optional(),
        labels: Labels.optional(),
      }),
    )
    .max(most.violations)
    .optional(),
  series: z.array(SeriesBody).max(most.series),
  topology: z.strictObject({ edges: z.array(z.strictObject({ from: Name, to: Name })).max(most.edges) }).optional(),
  symptom: z.strictObject({ component: Name, metric: MetricName.optional() }).optional(),
});
const AnalysisAnswer = z.object({
  verdict: z.enum(['determined', 'undetermined']),
  patterns: z.array(Pattern),
  rootCauses: z.array(RootCause),
  recommendations: z.array(z.string()),
  confidence: Ratio,
});

const AnomalyBody = z
  .strictObject({ timestamps: z.array(Time).max(most.points), values: z.array(Value).max(most.points) })
  .refine(({ timestamps, values }) => timestamps.length === values.length, {
    path: ['values'],
    message: 'has another length than timestamps',
  });

function secondsFrom(time: z.infer<typeof Time>): number {
  if (typeof time === 'string') return Date.parse(time) / 1_000;
  return time > 1e11 ? time / 1_000 : time;
}

const numberFrom = (value: number | null): number => value ?? Number.NaN;

/** Detection on series that the caller brings; nothing is recorded. */
export const detectionRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/analyses',
    { config: role('viewer'), schema: { body: AnalysisBody, response: { 200: AnalysisAnswer } } },
    async ({ body }) => {
      const detectedAt = secondsFrom(body.detectedAt);
      const { symptom } = body;
      return findCause({
        detectedAt,
        violations: (body.violations ?? []).map(({ component, metric, severity, id, at, labels }, index) => ({
          id: id ?? String(index),
          component,
          metric,
          severity,
          at: at === undefined ? detectedAt : secondsFrom(at),
          ...(labels === undefined ? {} : { labels }),
        })),
        series: body.series.map(({ component, metric, labels, timestamps, values }) => ({
          component,
          metric,
          timestamps: timestamps.map(secondsFrom),
          values: values.map(numberFrom),
          ...(labels === undefined ? {} : { labels }),
        })),
        topology: body.topology ?? null,
        symptom: symptom
          ? { component: symptom.component, ...(symptom.metric === undefined ? {} : { metric: symptom.metric }) }
          : null,
      });
    },
  );

  app.post(
    '/anomalies',
    {
      config: role('viewer'),
      schema: { body: AnomalyBody, response: { 200: z.object({ scores: z.array(Ratio) }) } },
    },
    async ({ body }) => ({
      scores: [...scoreSeries(body.timestamps.map(secondsFrom), body.values.map(numberFrom))],
    }),
  );
};

import { role } from '@charter/service';
import {
  Comparator,
  Instant,
  Labels,
  Name,
  PageQuery,
  pageOf,
  Severity,
  ViolationSource,
} from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ObservationLog } from '../adapters/observation-log.ts';
import { inconclusiveReasons } from '../domain/observation.ts';
import type { SignalState } from '../domain/signal-state.ts';
import { instantOf } from '../domain/violation-record.ts';
import type { Watch } from '../domain/watch.ts';

const Verdict = z.enum(['breach', 'between', 'clear', 'inconclusive']);
const Reason = z.enum(inconclusiveReasons);

const WatchedRule = z.object({
  name: Name,
  query: z.string().nullable(),
  matchers: z.record(z.string(), z.string()).nullable(),
  metric: z.string(),
  severity: Severity,
  comparator: Comparator,
  threshold: z.number().nullable(),
  resolveThreshold: z.number().nullable(),
  forSeconds: z.number(),
  resolveForSeconds: z.number(),
  component: z.string().nullable(),
  componentLabel: z.string(),
  upstream: z.string().nullable(),
  description: z.string().nullable(),
  /** Null for rules on alerts, and before the first round. */
  lastEvaluation: z
    .object({
      at: Instant,
      result: Verdict,
      reason: Reason.nullable(),
      detail: z.string().nullable(),
      value: z.number().nullable(),
      components: z.int(),
      breaching: z.int(),
      inconclusive: z.int(),
    })
    .nullable(),
});

const ObservedSignal = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  component: z.string(),
  metric: z.string(),
  phase: z.enum(['quiet', 'pending', 'firing', 'recovering']),
  value: z.number().nullable(),
  verdict: Verdict,
  reason: Reason.nullable(),
  detail: z.string().nullable(),
  source: ViolationSource,
  labels: Labels,
  violationId: z.string().nullable(),
  episode: z.int(),
  observedAt: Instant,
  confirmedAt: Instant.nullable(),
});

export interface ObservationDeps {
  readonly watch: () => Watch;
  readonly observations: ObservationLog;
}

export const observationRoutes: FastifyPluginAsyncZod<ObservationDeps> = async (app, { watch, observations }) => {
  app.get(
    '/rules',
    {
      config: role('viewer'),
      schema: {
        summary: 'Rules of the active pack, each with its last evaluation',
        tags: ['observations'],
        querystring: z.strictObject({}),
        response: { 200: z.object({ packId: z.string(), items: z.array(WatchedRule), nextCursor: z.null() }) },
      },
    },
    async () => {
      const { packId, rules } = watch();
      const evaluations = await observations.evaluations();
      const items = [...rules.values()].map((rule) => {
        const last = evaluations.get(rule.name);
        return { ...rule, lastEvaluation: last ? { ...last, at: instantOf(last.at) } : null };
      });
      return { packId, items, nextCursor: null };
    },
  );
  app.get(
    '/signals',
    {
      config: role('viewer'),
      schema: {
        summary: 'The latest look at each rule and component, latest first',
        tags: ['observations'],
        querystring: PageQuery.extend({ component: Name.optional(), rule: Name.optional() }),
        response: { 200: pageOf(ObservedSignal) },
      },
    },
    async ({ query: { limit, cursor, ...filter } }) => {
      const page = await observations.signals(filter, cursor === undefined ? { limit } : { limit, cursor });
      return { ...page, items: page.items.map(observedSignal) };
    },
  );
};

const observedSignal = (state: SignalState): z.infer<typeof ObservedSignal> => ({
  ...state,
  observedAt: instantOf(state.observedAt),
  confirmedAt: state.confirmedAt === null ? null : instantOf(state.confirmedAt),
});

import { role } from '@charter/service';
import { ActionType, MetricName, Name, Recommendation } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AutonomyState } from '../adapters/autonomy-log.ts';
import type { IncidentMemory } from '../adapters/incident-memory.ts';
import type { OutcomeLog } from '../adapters/outcome-log.ts';
import type { PassageShelf } from '../adapters/passage-shelf.ts';
import type { OutcomeCounter } from '../adapters/statistics.ts';
import type { TallyBook } from '../adapters/tally-book.ts';
import type { LearningSettings } from '../config.ts';
import { autonomyInsights } from '../domain/autonomy-insights.ts';
import { earnedModesFrom } from '../domain/autonomy-view.ts';
import { Insight, insightsFrom } from '../domain/insights-from.ts';
import { ladderFrom } from '../domain/ladder-from.ts';
import { passagePriors } from '../domain/passage-priors.ts';
import { Pattern, patternsFrom } from '../domain/pattern-from.ts';
import { recommendationFrom } from '../domain/recommendation-from.ts';
import { Standing, standingFrom, standingsFrom } from '../domain/statistics-from.ts';

const Named = z.array(Standing.extend({ name: z.string() }));
const Statistics = Standing.extend({
  sinceDays: z.number(),
  components: Named,
  rootCauses: Named,
  strategies: Named,
  actions: Named,
});
/** Passages and like incidents that bear on an expectation. */
const closest = 5;
const limit = z.coerce.number().int().min(1).max(500).default(100);

export interface KnowledgeDeps {
  readonly tallies: TallyBook;
  readonly counter: OutcomeCounter;
  readonly settings: LearningSettings;
  readonly earnedStates: () => Promise<AutonomyState[]>;
  readonly outcomes: OutcomeLog;
  readonly memory: IncidentMemory;
  readonly passages: PassageShelf;
}

/** What outcomes add up to. */
export const knowledgeRoutes: FastifyPluginAsyncZod<KnowledgeDeps> = async (app, deps) => {
  const { tallies, counter, settings, earnedStates, outcomes, memory, passages } = deps;
  const { halfLifeDays } = settings;

  app.get(
    '/recommendations',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({ rootCause: MetricName, component: Name.optional() }),
        response: { 200: Recommendation },
      },
    },
    async ({ query }) => {
      const asked = { rootCause: query.rootCause, component: query.component ?? null };
      const [concerning, states, tried, written] = await Promise.all([
        tallies.concerning(query.rootCause),
        earnedStates(),
        outcomes.triedAgainst(query.rootCause),
        priorsFor(asked),
      ]);
      const seen = { ladder: ladderFrom(tried), passages: written };
      return recommendationFrom(concerning, asked, earnedModesFrom(states), halfLifeDays, seen);
    },
  );

  app.get(
    '/patterns',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({
          rootCause: MetricName.optional(),
          action: ActionType.optional(),
          targetClass: Name.optional(),
          limit,
        }),
        response: { 200: z.object({ items: z.array(Pattern) }) },
      },
    },
    async ({ query }) => {
      const { rootCause, action, targetClass } = query;
      const [all, states] = await Promise.all([tallies.all(), earnedStates()]);
      const asked = patternsFrom(all, earnedModesFrom(states), halfLifeDays).filter(
        (one) =>
          (rootCause === undefined || one.rootCause === rootCause) &&
          (action === undefined || one.action === action) &&
          (targetClass === undefined || one.targetClass === targetClass),
      );
      return { items: asked.slice(0, query.limit) };
    },
  );

  app.get(
    '/insights',
    {
      config: role('viewer'),
      schema: { querystring: z.strictObject({ limit }), response: { 200: z.object({ items: z.array(Insight) }) } },
    },
    async ({ query }) => {
      const [all, states] = await Promise.all([tallies.all(), earnedStates()]);
      return { items: [...autonomyInsights(states), ...insightsFrom(all, halfLifeDays)].slice(0, query.limit) };
    },
  );

  app.get(
    '/statistics',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({
          sinceDays: z.coerce.number().positive().max(36_500).default(30),
          component: Name.optional(),
          rootCause: MetricName.optional(),
        }),
        response: { 200: Statistics },
      },
    },
    async ({ query: { sinceDays, component, rootCause } }) => {
      const filter = { sinceSeconds: sinceDays * 86_400, component, rootCause };
      const groupings = ['component', 'rootCause', 'strategy', 'action'] as const;
      const [whole, ...grouped] = await Promise.all(
        [null, ...groupings].map((grouping) => counter.counts(filter, grouping)),
      );
      const [components = [], rootCauses = [], strategies = [], actions = []] = grouped.map(standingsFrom);
      return { ...standingFrom(whole ?? []), sinceDays, components, rootCauses, strategies, actions };
    },
  );

  /** What is written, and what like incidents show, of strategies against a cause. */
  async function priorsFor({ rootCause, component }: { rootCause: string; component: string | null }) {
    const text = component === null ? rootCause : `${rootCause} ${component}`;
    const [written, like] = await Promise.all([passages.closest(text, closest), memory.nearly(text, closest)]);
    return passagePriors(
      written,
      like.flatMap(({ outcomes: ended }) => ended),
    );
  }
};

import { role } from '@charter/service';
import { ActionType, PageQuery, PatternKind, pageOf, type Strategy, Ulid } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ConflictItem, conflictPage } from '../adapters/conflict-records.ts';
import type { SituationRecords } from '../adapters/situation-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import type { ActivePackSource } from '../ports.ts';

const globs = z.array(z.string());
const StrategyItem = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  match: z.object({
    components: globs.optional(),
    classes: globs.optional(),
    metrics: globs.optional(),
    rules: globs.optional(),
    patterns: z.array(PatternKind).optional(),
  }),
  actions: z.array(
    z.object({
      action: ActionType,
      target: z.string().nullable(),
      parameters: z.record(z.string(), z.json()),
      dependsOn: z.array(z.string()),
    }),
  ),
  rung: z.int(),
  /** What the pack expects, and what Knowledge made of it. */
  expectedSuccess: z.number(),
  learned: z.object({ success: z.number(), confidence: z.number() }).nullable(),
});

export interface StrategyDeps {
  readonly pack: ActivePackSource;
  readonly records: Pick<SituationRecords, 'priors'>;
  readonly store: Store<PlanTables>;
}

/** What could be done, by the active pack, and where plans got in each other's way. */
export const strategyRoutes: FastifyPluginAsyncZod<StrategyDeps> = async (app, { pack, records, store }) => {
  app.get(
    '/strategies',
    { config: role('viewer'), schema: { querystring: PageQuery, response: { 200: pageOf(StrategyItem) } } },
    async ({ query }) => {
      const priors = await records.priors();
      const sorted = (pack.current()?.strategies ?? []).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
      const rest = sorted.filter((strategy) => query.cursor === undefined || nameOf(strategy) > query.cursor);
      const items = rest.slice(0, query.limit).map((strategy) => itemFrom(strategy, priors));
      return { items, nextCursor: rest.length > query.limit ? (items.at(-1)?.name ?? null) : null };
    },
  );

  app.get(
    '/conflicts',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ incidentId: Ulid.optional() }),
        response: { 200: pageOf(ConflictItem) },
      },
    },
    ({ query }) => conflictPage(store, query),
  );
};

const nameOf = ({ metadata }: Strategy): string => metadata.name;

const itemFrom = (
  strategy: Strategy,
  priors: Awaited<ReturnType<SituationRecords['priors']>>,
): z.infer<typeof StrategyItem> => ({
  id: nameOf(strategy),
  name: nameOf(strategy),
  description: strategy.metadata.description ?? null,
  match: strategy.match,
  actions: strategy.actions.map(({ action, target, parameters, dependsOn }) => ({
    action,
    target: target ?? null,
    parameters,
    dependsOn,
  })),
  rung: strategy.rung,
  expectedSuccess: strategy.expected.success,
  learned: priors.get(nameOf(strategy)) ?? null,
});

import { role } from '@charter/service';
import { PageQuery, pageOf, TargetState } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { spentBudgets } from '../adapters/budget-records.ts';
import type { ExecuteStore } from '../adapters/execution-records.ts';
import { budgetLimit } from '../domain/budget.ts';
import type { ExecuteSettings } from '../domain/settings.ts';
import type { Targets } from '../ports.ts';

export interface TargetDeps {
  readonly store: ExecuteStore;
  readonly settings: ExecuteSettings;
  readonly targets: Targets;
  readonly targetStates: { list(): Promise<TargetState[]> };
}

const Budget = z.strictObject({
  scope: z.string(),
  unit: z.enum(['risk', 'actions']),
  spent: z.number(),
  /** Null for a target that is not in the active pack any more. */
  limit: z.number().nullable(),
  remaining: z.number().nullable(),
  windowSeconds: z.number(),
});

export const targetRoutes: FastifyPluginAsyncZod<TargetDeps> = async (
  app,
  { store, settings, targets, targetStates },
) => {
  app.get(
    '/targets',
    {
      config: role('viewer'),
      schema: {
        summary: 'Targets of the active pack as they are now, by name',
        querystring: PageQuery,
        response: { 200: pageOf(TargetState) },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const states = (await targetStates.list()).filter(({ name }) => cursor === undefined || name > cursor);
      const items = states.slice(0, limit);
      return { items, nextCursor: states.length > limit ? (items.at(-1)?.name ?? null) : null };
    },
  );

  app.get(
    '/budgets',
    {
      config: role('viewer'),
      schema: {
        summary: 'What every budget has spent within its window',
        response: { 200: z.strictObject({ items: z.array(Budget), nextCursor: z.null() }) },
      },
    },
    async () => {
      const { windowSeconds } = settings.budget;
      const spent = await spentBudgets(store, windowSeconds);
      const items = spent.map(({ scope, spent: used }) => {
        const limit = budgetLimit(scope, settings.budget, (name) => targets.find(name)?.limits.actionsPerHour ?? null);
        const unit = scope.startsWith('risk:') ? ('risk' as const) : ('actions' as const);
        return {
          scope,
          unit,
          spent: used,
          limit,
          remaining: limit === null ? null : Math.max(0, limit - used),
          windowSeconds,
        };
      });
      return { items, nextCursor: null };
    },
  );
};

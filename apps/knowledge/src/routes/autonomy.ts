import { role } from '@charter/service';
import { ActionType, Name } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { autonomyStates, recentChanges } from '../adapters/autonomy-log.ts';
import type { TallyBook } from '../adapters/tally-book.ts';
import type { LearningSettings } from '../config.ts';
import { AutonomyView, autonomyView } from '../domain/autonomy-view.ts';
import { surroundingsFrom } from '../domain/surroundings-from.ts';
import type { KnowledgeTables } from '../migrations.ts';

const changesShown = 10;

export interface AutonomyDeps {
  readonly store: Store<KnowledgeTables>;
  readonly tallies: TallyBook;
  readonly settings: LearningSettings;
}

/** What automation has earned, why, and what is missing for more. */
export const autonomyRoutes: FastifyPluginAsyncZod<AutonomyDeps> = async (app, { store, tallies, settings }) => {
  app.get(
    '/autonomy',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({ action: ActionType.optional(), targetClass: Name.optional() }),
        response: { 200: z.object({ items: z.array(AutonomyView) }) },
      },
    },
    async ({ query }) => {
      const [states, changes, all] = await Promise.all([
        autonomyStates(store),
        recentChanges(store, changesShown),
        tallies.all(),
      ]);
      const asked = states.filter(
        ({ action, targetClass }) =>
          (query.action ?? action) === action && (query.targetClass ?? targetClass) === targetClass,
      );
      return {
        items: asked.map((state) =>
          autonomyView(
            state,
            surroundingsFrom(state, states, all, settings.halfLifeDays),
            changes.filter((one) => one.action === state.action && one.targetClass === state.targetClass),
          ),
        ),
      };
    },
  );
};

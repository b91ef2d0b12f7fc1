import { identityOf, role } from '@charter/service';
import { ActionType, AutomationMode, CharterError, Name, Problem, printable } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { autonomyStates, recentChanges } from '../adapters/autonomy-log.ts';
import type { TallyBook } from '../adapters/tally-book.ts';
import type { LearningSettings } from '../config.ts';
import { anyPolicy, subjectName } from '../domain/autonomy-cases.ts';
import { AutonomyView, autonomyView } from '../domain/autonomy-view.ts';
import { surroundingsFrom } from '../domain/surroundings-from.ts';
import type { KnowledgeTables } from '../migrations.ts';
import { revokeAutonomy } from '../workers/earn-autonomy.ts';

const changesShown = 10;

const Revocation = z.strictObject({
  policy: Name.default(anyPolicy),
  action: ActionType,
  targetClass: Name,
  reason: printable(1_000).min(1),
});
const Revoked = z.object({
  policy: z.string(),
  action: ActionType,
  targetClass: Name,
  from: AutomationMode,
  to: AutomationMode,
});

export interface AutonomyDeps {
  readonly store: Store<KnowledgeTables>;
  readonly tallies: TallyBook;
  readonly settings: LearningSettings;
  /** What automation has earned changed. */
  readonly onEarned: () => void;
}

/** What automation has earned, why, and what is missing for more; and its end where a person says so. */
export const autonomyRoutes: FastifyPluginAsyncZod<AutonomyDeps> = async (app, deps) => {
  const { store, tallies, settings, onEarned } = deps;

  app.get(
    '/autonomy',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({
          policy: Name.optional(),
          action: ActionType.optional(),
          targetClass: Name.optional(),
        }),
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
        ({ policy, action, targetClass }) =>
          (query.policy ?? policy) === policy &&
          (query.action ?? action) === action &&
          (query.targetClass ?? targetClass) === targetClass,
      );
      return {
        items: asked.map((state) =>
          autonomyView(
            state,
            surroundingsFrom(state, states, all, settings.halfLifeDays),
            changes.filter((one) => subjectName(one) === subjectName(state)),
          ),
        ),
      };
    },
  );

  app.post(
    '/autonomy/revoke',
    { config: role('approver'), schema: { body: Revocation, response: { 200: Revoked, 404: Problem, 409: Problem } } },
    async (request) => {
      const { reason, ...subject } = request.body;
      const { name: by } = identityOf(request);
      const states = await autonomyStates(store, subject.action);
      const name = subjectName(subject);
      const state = states.find((one) => subjectName(one) === name);
      if (!state) throw new CharterError('not-found', `Nothing is known of ${name}`);
      const change = await store.transaction((tx) => revokeAutonomy(tx, subject, { by, reason, at: new Date() }));
      if (!change) throw new CharterError('conflict', `${name} has earned nothing that could be taken back`);
      onEarned();
      return { ...subject, from: change.from, to: change.to };
    },
  );
};

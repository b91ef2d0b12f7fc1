import { role } from '@charter/service';
import type { Store } from '@charter/store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LearningSettings } from '../config.ts';
import { ImportedOutcome } from '../domain/outcome-report.ts';
import { relapse } from '../domain/recorded-outcome.ts';
import type { KnowledgeTables } from '../migrations.ts';
import { learnFrom } from '../workers/learn-from.ts';

const Import = z.strictObject({ items: z.array(ImportedOutcome).min(1).max(200) });
const Imports = z.object({ learned: z.int(), known: z.int() });

export interface ImportDeps {
  readonly store: Store<KnowledgeTables>;
  readonly settings: LearningSettings;
}

/** Learns from the outcomes of another installation, in the order in which they ended; known ones change nothing. */
export const importRoutes: FastifyPluginAsyncZod<ImportDeps> = async (app, { store, settings }) => {
  app.post(
    '/outcomes/import',
    { config: role('admin'), schema: { body: Import, response: { 200: Imports } } },
    async ({ body }) => {
      const inOrder = body.items.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
      const learned = await store.transaction(async (tx) => {
        let count = 0;
        for (const { recordedAt: _recorded, correctedBy, correction, ...outcome } of inOrder) {
          const reason = correction ?? outcome.reason;
          const isPerson = correctedBy !== null && correctedBy !== undefined && correctedBy !== relapse;
          const by = isPerson ? { corrected: correctedBy } : {};
          const lesson = await learnFrom(tx, outcome, { kind: 'import', name: 'import', reason, ...by }, settings);
          if (lesson.stands) count += 1;
        }
        return count;
      });
      return { learned, known: inOrder.length - learned };
    },
  );
};

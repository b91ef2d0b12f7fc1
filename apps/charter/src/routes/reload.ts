import { role } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Governance } from '../adapters/governance.ts';
import type { ImportPack } from '../workers/import-pack.ts';

const Reloaded = z.object({
  pack: z.object({ packId: z.string(), status: z.enum(['active', 'pending', 'unchanged']) }).nullable(),
  policyVersion: z.string(),
});

export interface ReloadDeps {
  /** Absent when no file is watched. */
  readonly importPack: ImportPack | null;
  readonly governance: Governance;
}

/** Reads the watched pack and everything that governs again, as SIGHUP does. */
export const reloadRoutes: FastifyPluginAsyncZod<ReloadDeps> = async (app, { importPack, governance }) => {
  app.post('/-/reload', { config: role('admin'), schema: { response: { 200: Reloaded } } }, async () => {
    const pack = importPack ? await importPack({ isStart: false }).catch(refused) : null;
    await governance.refresh();
    return { pack, policyVersion: governance.current().policyVersion };
  });
};

/** A file that cannot be used is the caller's to mend, whatever kind of failure it is. */
function refused(error: unknown): never {
  if (error instanceof CharterError && error.code === 'config-invalid') {
    throw new CharterError('document-invalid', error.message, { cause: error });
  }
  throw error;
}

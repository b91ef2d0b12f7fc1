import { role } from '@charter/service';
import { SignedSnapshot } from '@charter/shared/charter-client';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { SignSnapshot } from '../workers/sign-snapshot.ts';

const Answer = SignedSnapshot.extend({
  /** PEM; keep it from a first, trusted contact and check later snapshots with it. */
  publicKey: z.string(),
});

export interface SnapshotDeps {
  readonly signedSnapshot: SignSnapshot;
}

/** The policies in force for clients whose reads must go on while the charter is away. */
export const snapshotRoutes: FastifyPluginAsyncZod<SnapshotDeps> = async (app, { signedSnapshot }) => {
  app.get('/policies/snapshot', { config: role('viewer'), schema: { response: { 200: Answer } } }, () =>
    signedSnapshot(),
  );
};

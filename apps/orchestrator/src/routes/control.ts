import { identityOf, role } from '@charter/service';
import { CharterError, Instant, type PauseScope, Permit } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Pauses } from '../adapters/pauses.ts';
import { Settings, type SettingsStore } from '../adapters/settings.ts';
import { nameOf, permitFor } from '../domain/permit-for.ts';
import type { OrchestratorMetrics } from '../metrics.ts';

const PauseBody = z
  .strictObject({
    /** What to stop: everything, one policy, or one target group. */
    scope: z.enum(['global', 'policy', 'group']).default('global'),
    /** Name of the policy or group. */
    name: z.string().min(1).max(200).optional(),
    reason: z.string().min(1).max(1_000).default('no reason given'),
  })
  .prefault({})
  .refine((body) => (body.scope === 'global') === (body.name === undefined), {
    path: ['name'],
    message: 'is needed for policy and group, and for nothing else',
  });

const PauseView = z.object({
  scope: z.enum(['global', 'policy', 'group']),
  name: z.string().nullable(),
  reason: z.string(),
  by: z.string(),
  since: Instant,
});
const Paused = z.object({ paused: z.boolean(), pauses: z.array(PauseView) });

const PermitBody = z.strictObject({
  executionId: z.string().min(1).max(100),
  group: z.string().min(1).max(200),
  policies: z.array(z.string().min(1).max(200)).max(100).default([]),
});

export interface ControlDeps {
  readonly pauses: Pauses;
  readonly settings: SettingsStore;
  readonly metrics: OrchestratorMetrics;
}

/** The kill switch, permits and settings. */
export const controlRoutes: FastifyPluginAsyncZod<ControlDeps> = async (app, { pauses, settings, metrics }) => {
  async function paused(): Promise<z.infer<typeof Paused>> {
    const { pauses: standing } = await pauses.standing();
    metrics.paused(standing.length);
    return {
      paused: standing.some(({ scope }) => scope.kind === 'global'),
      pauses: standing.map(({ scope, reason, by, since }) => ({
        scope: scope.kind,
        name: scope.kind === 'global' ? null : scope.name,
        reason,
        by,
        since,
      })),
    };
  }

  app.post(
    '/pause',
    { config: role('operator'), schema: { body: PauseBody, response: { 200: Paused } } },
    async (request) => {
      await pauses.add(scopeFrom(request.body), request.body.reason, identityOf(request).name);
      return paused();
    },
  );

  app.post(
    '/resume',
    { config: role('operator'), schema: { body: PauseBody, response: { 200: Paused } } },
    async (request) => {
      const scope = scopeFrom(request.body);
      const lifted = await pauses.lift(scope);
      if (!lifted && scope.kind !== 'global') throw new CharterError('not-found', `Nothing pauses ${nameOf(scope)}`);
      return paused();
    },
  );

  app.get('/pause', { config: role('viewer'), schema: { response: { 200: Paused } } }, paused);

  app.post(
    '/permits',
    { config: role('operator'), schema: { body: PermitBody, response: { 200: Permit } } },
    async ({ body }) => {
      const { pauses: standing, now } = await pauses.standing();
      const permit = permitFor(body, standing, now);
      metrics.permitAnswered(permit.granted);
      return permit;
    },
  );

  app.get('/config', { config: role('viewer'), schema: { response: { 200: Settings } } }, () => settings.current());

  app.patch(
    '/config',
    { config: role('admin'), schema: { body: Settings.partial(), response: { 200: Settings } } },
    (request) => settings.change(request.body, identityOf(request).name),
  );
};

function scopeFrom({ scope, name = '' }: z.infer<typeof PauseBody>): PauseScope {
  return scope === 'global' ? { kind: 'global' } : { kind: scope, name };
}

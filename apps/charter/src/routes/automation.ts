import { identityOf, role } from '@charter/service';
import { AutomationMode, Instant, Name, printable } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AutomationGrants, StoredGrant } from '../adapters/automation-grants.ts';
import type { Governance } from '../adapters/governance.ts';
import { isGlobal } from '../domain/automation.ts';

const Grant = z.object({
  policy: z.string().nullable(),
  action: z.string().nullable(),
  targetClass: z.string().nullable(),
  mode: AutomationMode,
  maximum: AutomationMode,
  reason: z.string(),
  changedBy: z.string(),
  changedAt: Instant,
});
const Automation = z.object({ global: Grant.nullable(), items: z.array(Grant) });
const Change = z
  .strictObject({
    /** Left out, all: without any of the three the global mode is meant. */
    policy: Name.optional(),
    action: Name.optional(),
    targetClass: Name.optional(),
    mode: AutomationMode.optional(),
    maximum: AutomationMode.optional(),
    reason: printable(1_000).default('no reason given'),
  })
  .refine(({ mode, maximum }) => mode !== undefined || maximum !== undefined, 'needs mode, maximum or both');

export interface AutomationDeps {
  readonly grants: AutomationGrants;
  readonly governance: Governance;
}

/** How far automation may go: in all, and per policy, action and target class. */
export const automationRoutes: FastifyPluginAsyncZod<AutomationDeps> = async (app, { grants, governance }) => {
  async function answer(): Promise<z.infer<typeof Automation>> {
    const all = await grants.list();
    const global = all.find(isGlobal);
    return {
      global: global ? shown(global) : null,
      items: all.filter((grant) => !isGlobal(grant)).map(shown),
    };
  }

  app.get('/automation', { config: role('viewer'), schema: { response: { 200: Automation } } }, answer);

  app.put(
    '/automation',
    { config: role('admin'), schema: { body: Change, response: { 200: Automation } } },
    async (request) => {
      const { policy = '*', action = '*', targetClass = '*', ...change } = request.body;
      await grants.change({ ...change, policy, action, targetClass, by: identityOf(request).name });
      await governance.refresh();
      return answer();
    },
  );
};

const named = (value: string): string | null => (value === '*' ? null : value);
const shown = ({ policy, action, targetClass, ...rest }: StoredGrant): z.infer<typeof Grant> => ({
  ...rest,
  policy: named(policy),
  action: named(action),
  targetClass: named(targetClass),
});

import { identityOf, pointersFrom, role } from '@charter/service';
import { CharterError, PageQuery, Plan, pageOf, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  type ExecuteStore,
  findExecution,
  journalOf,
  pageOfExecutions,
  recordExecution,
  requestOf,
  stepsOf,
  writeJournal,
} from '../adapters/execution-records.ts';
import type { ExecuteSettings } from '../domain/settings.ts';
import type { Plans } from '../ports.ts';
import { ExecutionDetail, ExecutionView, executionDetail, executionView } from './views.ts';

export interface ExecutionDeps {
  readonly store: ExecuteStore;
  readonly settings: ExecuteSettings;
  readonly plans: Plans;
  /** Goes through a plan without acting; answers the record's id. */
  readonly rehearse: (plan: Plan) => Promise<string>;
  readonly wake: () => void;
}

const ListQuery = PageQuery.extend({ cursor: Ulid.optional(), incidentId: Ulid.optional(), planId: Ulid.optional() });
const Id = z.strictObject({ id: Ulid });
const NewExecution = z
  .strictObject({
    planId: Ulid.optional(),
    /** A whole plan, as the plan service writes it. */
    plan: z.record(z.string(), z.json()).optional(),
    dryRun: z.boolean().default(false),
  })
  .refine(({ planId, plan }) => (planId === undefined) !== (plan === undefined), 'needs either planId or plan');

export const executionRoutes: FastifyPluginAsyncZod<ExecutionDeps> = async (
  app,
  { store, settings, plans, rehearse, wake },
) => {
  async function detail(id: string): Promise<z.infer<typeof ExecutionDetail>> {
    const row = await findExecution(store.db, id);
    if (!row) throw new CharterError('not-found', `No execution ${id}`);
    return executionDetail(row, await stepsOf(store.db, id), await journalOf(store.db, id));
  }

  app.get(
    '/executions',
    {
      config: role('viewer'),
      schema: { summary: 'Executions, newest first', querystring: ListQuery, response: { 200: pageOf(ExecutionView) } },
    },
    async ({ query }) => {
      const { items, nextCursor } = await pageOfExecutions(store.db, query);
      return { items: items.map(executionView), nextCursor };
    },
  );

  app.get(
    '/executions/:id',
    {
      config: role('viewer'),
      schema: { summary: 'One execution with its journal', params: Id, response: { 200: ExecutionDetail } },
    },
    ({ params }) => detail(params.id),
  );

  app.post(
    '/executions',
    {
      config: role('operator'),
      schema: {
        summary: 'Carry out a plan, or rehearse it; every gate still applies',
        body: NewExecution,
        response: { 200: ExecutionDetail, 202: ExecutionDetail },
      },
    },
    async (request, reply) => {
      const { planId, plan: given, dryRun } = request.body;
      const plan = given === undefined ? await plans.find(planId ?? '') : planFrom(given);
      if (plan === null) throw new CharterError('not-found', `No plan ${planId ?? ''}`);
      if (dryRun) return reply.code(200).send(await detail(await rehearse(plan)));
      const by = identityOf(request).name;
      const { id, isNew } = await store.transaction(async (tx) => {
        const recorded = await recordExecution(tx, plan, { deadlineAt: new Date(plan.expiresAt) });
        if (recorded.isNew)
          await writeJournal(tx.db, recorded.id, {
            kind: 'received',
            text: `${by} asks to carry out ${plan.strategy}`,
          });
        return recorded;
      });
      wake();
      return reply.code(isNew ? 202 : 200).send(await detail(id));
    },
  );

  for (const wish of ['rollback', 'cancel', 'pause', 'resume'] as const) {
    app.post(
      `/executions/:id/${wish}`,
      {
        config: role('operator'),
        schema: { summary: summaries[wish], params: Id, response: { 202: ExecutionDetail } },
      },
      async (request, reply) => {
        const { id } = request.params;
        await requestOf(store, id, {
          request: wish,
          by: identityOf(request).name,
          slackSeconds: settings.executionSlackSeconds,
        });
        wake();
        return reply.code(202).send(await detail(id));
      },
    );
  }
};

const summaries = {
  rollback: 'Take back what the execution changed, unless someone changed the target since',
  cancel: 'Stop between two steps and take back what was done; closes an uncertain one',
  pause: 'Stop between two steps until resumed',
  resume: 'Go on',
};

/** A plan that a person sends claims nothing: whether it was approved only the plan service and the charter know. */
function planFrom(given: Record<string, unknown>): Plan {
  const parsed = Plan.strict().safeParse(given);
  if (parsed.success) return { ...parsed.data, approval: 'auto_approved' };
  throw new CharterError('request-invalid', 'The plan does not match its contract', {
    errors: pointersFrom(parsed.error).map(({ pointer, detail }) => ({ pointer: `/plan${pointer}`, detail })),
  });
}

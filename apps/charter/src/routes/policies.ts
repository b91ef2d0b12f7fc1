import { runPolicyTests } from '@charter/policy';
import { identityOf, role } from '@charter/service';
import { Approval, Instant, Name, Problem, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PolicyRow } from '../adapters/policy-rows.ts';
import type { PolicyShelf } from '../adapters/policy-shelf.ts';
import { documentOf, readPolicy } from '../domain/policy-source.ts';
import type { ChangeGovernance } from '../workers/change-governance.ts';
import type { PolicyText } from '../workers/policy-text.ts';

const statuses = [
  'draft',
  'validated',
  'pending',
  'approved',
  'active',
  'superseded',
  'rolled_back',
  'rejected',
] as const;
const StoredPolicy = z.object({
  policy_id: Ulid,
  id: Ulid,
  name: Name,
  environment: z.string().nullable(),
  version: z.string(),
  status: z.enum(statuses),
  form: z.enum(['native', 'classic']),
  requiresApproval: z.boolean(),
  digest: z.string(),
  packId: Ulid.nullable(),
  revision: z.int(),
  createdBy: z.string(),
  createdAt: Instant,
  activatedAt: Instant.nullable(),
});
const FullPolicy = StoredPolicy.extend({
  document: z.record(z.string(), z.json()),
  metrics: z.object({ whitelisted: z.array(z.string()), forbidden: z.array(z.string()) }),
});
/** A policy document as an object, or as YAML or JSON text. */
const Document = z.union([z.looseObject({}), z.string()]);
const Validated = z.object({
  valid: z.literal(true),
  name: z.string(),
  version: z.string().nullable(),
  environment: z.string().nullable(),
  form: z.enum(['native', 'classic']),
  requiresApproval: z.boolean(),
  rules: z.int(),
  metrics: z.object({ whitelisted: z.int(), forbidden: z.int() }),
  tests: z.object({ passed: z.int(), failed: z.int(), uncovered: z.array(z.string()) }),
});
const expectedActive = Ulid.nullable().optional();
/** Accepts rules that certainly never take effect; the reason is audited. */
const override = z.strictObject({ reason: printable(500) }).optional();
const Apply = z.strictObject({
  policy: Document,
  source: printable(500).optional(),
  timestamp: z.union([z.string().max(100), z.number()]).optional(),
  expectedActive,
  override,
});
const Applied = z.object({
  policy_id: Ulid,
  version: z.string(),
  status: z.enum(['active', 'pending']),
  approval: Approval.nullable(),
});
const ById = z.strictObject({ id: Ulid });
const Activate = z.strictObject({ expectedActive, override }).prefault({});
const Redraft = z.strictObject({ policy: Document, revision: z.int().min(1) });

/** Revisions listed at most. */
const listed = 500;

export interface PolicyDeps {
  readonly policies: PolicyShelf;
  readonly changes: ChangeGovernance;
  readonly policyText: PolicyText;
}

/** Policies and their life. */
export const policyRoutes: FastifyPluginAsyncZod<PolicyDeps> = async (app, { policies, changes, policyText }) => {
  app.get('/policies', { config: role('viewer'), schema: { response: { 200: z.array(StoredPolicy) } } }, async () =>
    (await policies.list(listed)).map(shown),
  );

  app.post(
    '/policies',
    { config: role('operator'), schema: { body: Document, response: { 201: StoredPolicy, 422: Problem } } },
    async (request, reply) => {
      const row = await policies.draft(readPolicy(documentOf(request.body)), identityOf(request).name);
      return reply.code(201).send(shown(row));
    },
  );

  app.get(
    '/policies/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: FullPolicy, 404: Problem } } },
    async ({ params }) => {
      const { row, policy } = await policyText(params.id);
      return FullPolicy.parse({ ...shown(row), document: policy.document, metrics: policy.metrics });
    },
  );

  app.put(
    '/policies/:id',
    {
      config: role('operator'),
      schema: { params: ById, body: Redraft, response: { 200: StoredPolicy, 404: Problem } },
    },
    async (request) => {
      const { policy, revision } = request.body;
      const { name: by } = identityOf(request);
      return shown(await policies.redraft(request.params.id, revision, readPolicy(documentOf(policy)), by));
    },
  );

  app.post(
    '/policies/validate',
    { config: role('viewer'), schema: { body: z.unknown(), response: { 200: Validated, 422: Problem } } },
    async ({ body }) => validated(readPolicy(documentOf(body)).policy),
  );

  app.post(
    '/policies/apply',
    { config: role('admin'), schema: { body: z.union([Apply, z.string()]), response: { 201: Applied, 422: Problem } } },
    async (request, reply) => {
      const body = typeof request.body === 'string' ? { policy: request.body } : request.body;
      const { policy, ...asked } = { expectedActive: undefined, override: undefined, ...body };
      const change = { by: identityOf(request).name, expectedActive: asked.expectedActive, override: asked.override };
      const { row, status, approval } = await changes.applyPolicy(readPolicy(policy), change);
      return reply.code(201).send({ policy_id: row.id, version: row.version, status, approval });
    },
  );

  app.post(
    '/policies/:id/activate',
    {
      config: role('admin'),
      schema: { params: ById, body: Activate, response: { 200: Applied, 202: Applied, 404: Problem } },
    },
    async (request, reply) => {
      const { expectedActive: expected, override: accepted } = request.body;
      const change = { by: identityOf(request).name, expectedActive: expected, override: accepted };
      const { row, status, approval } = await changes.activatePolicy(request.params.id, change);
      return reply
        .code(status === 'active' ? 200 : 202)
        .send({ policy_id: row.id, version: row.version, status, approval });
    },
  );

  app.post(
    '/policies/:id/rollback',
    {
      config: role('admin'),
      schema: { params: ById, response: { 200: StoredPolicy.extend({ rolledBack: Ulid }), 404: Problem } },
    },
    async (request) => {
      const { row, rolledBack } = await changes.rollbackPolicy(request.params.id, identityOf(request).name);
      return { ...shown(row), rolledBack };
    },
  );
};

const shown = (row: PolicyRow): z.infer<typeof StoredPolicy> =>
  StoredPolicy.parse({
    policy_id: row.id,
    id: row.id,
    name: row.name,
    environment: row.environment === '*' ? null : row.environment,
    version: row.version,
    status: row.status,
    form: row.form,
    requiresApproval: row.requires_approval,
    digest: row.digest,
    packId: row.pack_id,
    revision: row.revision,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    activatedAt: row.activated_at?.toISOString() ?? null,
  });

function validated(policy: ReturnType<typeof readPolicy>['policy']): z.infer<typeof Validated> {
  const run = runPolicyTests(policy);
  return {
    valid: true,
    name: policy.name,
    version: policy.version,
    environment: policy.environment,
    form: policy.form,
    requiresApproval: policy.requiresApproval,
    rules: policy.rules.length,
    metrics: { whitelisted: policy.metrics.whitelisted.length, forbidden: policy.metrics.forbidden.length },
    tests: run.ok
      ? { passed: run.passed, failed: run.failed, uncovered: [...run.coverage.uncovered] }
      : { passed: 0, failed: 0, uncovered: [] },
  };
}

import { Readable } from 'node:stream';
import { role } from '@charter/service';
import { PageQuery, pageOf } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AuditLog } from '../adapters/audit-log.ts';

const Head = z.object({ seq: z.int(), hash: z.string() });
const Record = z.object({
  seq: z.int(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  data: z.record(z.string(), z.json()),
  prevHash: z.string(),
  hash: z.string(),
});
const Page = pageOf(Record);
const Verdict = z.object({
  valid: z.boolean(),
  records: z.int(),
  checkpoints: z.int(),
  head: Head,
  firstBroken: z.object({ seq: z.int(), reason: z.string() }).nullable(),
  publicKey: z.string(),
});
const Query = PageQuery.extend({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'is no cursor of this list')
    .optional(),
  format: z.enum(['json', 'jsonl']).default('json'),
});

export interface AuditDeps {
  readonly audit: AuditLog;
}

/** The chain of everything that was changed, denied and approved: to read, to export and to verify. */
export const auditRoutes: FastifyPluginAsyncZod<AuditDeps> = async (app, { audit }) => {
  app.get(
    '/audit',
    { config: role('viewer'), schema: { querystring: Query, response: { 200: Page } } },
    async (request, reply) => {
      const { format, ...query } = request.query;
      if (format === 'json') return Page.parse(await audit.page(query));
      return reply.type('application/jsonl; charset=utf-8').send(Readable.from(exported(audit)) as never);
    },
  );

  app.get('/audit/verify', { config: role('viewer'), schema: { response: { 200: Verdict } } }, async () => ({
    ...(await audit.verify()),
    publicKey: audit.publicKey,
  }));
};

/** The whole chain in order, a record a line; the last line is a checkpoint for the newest record, so that a cut shows. */
async function* exported(audit: AuditLog): AsyncGenerator<string> {
  const checkpoint = await audit.checkpoint();
  for await (const record of audit.records()) {
    if (checkpoint && record.seq > checkpoint.seq) break;
    yield `${JSON.stringify(record)}\n`;
  }
  if (checkpoint) yield `${JSON.stringify({ checkpoint, publicKey: audit.publicKey })}\n`;
}

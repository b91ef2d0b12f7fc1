import { readDocuments, type SourceDocument } from '@charter/policy';
import { identityOf, role } from '@charter/service';
import {
  ActivePack,
  Approval,
  CharterError,
  Instant,
  Name,
  PageQuery,
  Problem,
  pageOf,
  printable,
  Ulid,
} from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Governance } from '../adapters/governance.ts';
import type { PackShelf } from '../adapters/pack-shelf.ts';
import { refusePack } from '../adapters/pack-shelf.ts';
import { packFrom } from '../domain/pack-draft.ts';
import type { ChangeGovernance } from '../workers/change-governance.ts';

const Labels = { name: Name.optional(), version: Name.optional(), environment: Name.optional() };
const NewPack = z
  .strictObject({ ...Labels, source: z.string().optional(), documents: z.array(z.json()).max(10_000).optional() })
  .refine((pack) => (pack.source === undefined) !== (pack.documents === undefined), 'needs either source or documents');
/** A body of type `application/yaml` is the source itself; its labels are in the query. */
const NewPackQuery = z.strictObject(Labels);
const StoredPack = z.object({
  id: Ulid,
  name: Name,
  version: z.string(),
  environment: Name,
  digest: z.string(),
  policies: z.array(z.string()),
  active: z.boolean(),
  createdBy: z.string(),
  createdAt: Instant,
});
const FullPack = StoredPack.extend({ source: z.string(), documents: z.array(z.json()) });
const ById = z.strictObject({ id: Ulid });
const Activate = z
  .strictObject({
    expectedActive: Ulid.nullable().optional(),
    /** Accepts rules that certainly never take effect; the reason is audited. */
    override: z.strictObject({ reason: printable(500) }).optional(),
  })
  .prefault({});
const Activated = StoredPack.extend({ status: z.enum(['active', 'pending']), approval: Approval.nullable() });

export interface PackDeps {
  readonly packs: PackShelf;
  readonly changes: ChangeGovernance;
  readonly governance: Governance;
  readonly environment: string;
}

/** Packs: what is watched, what can be acted on, how, and under which policies – versioned and activated as one. */
export const packRoutes: FastifyPluginAsyncZod<PackDeps> = async (app, { packs, changes, governance, environment }) => {
  async function findPack(id: string) {
    const pack = await packs.find(id);
    if (!pack) throw new CharterError('not-found', `No pack ${id}`);
    return pack;
  }

  app.get(
    '/packs',
    { config: role('viewer'), schema: { querystring: PageQuery, response: { 200: pageOf(StoredPack) } } },
    ({ query }) => packs.page(query),
  );

  app.post(
    '/packs',
    {
      config: role('admin'),
      schema: {
        querystring: NewPackQuery,
        body: z.union([NewPack, z.string()]),
        response: { 200: FullPack, 201: FullPack },
      },
    },
    async (request, reply) => {
      const { body, query } = request;
      const given = typeof body === 'string' ? { ...query, source: body } : { ...query, ...body };
      const { source, documents } = sourceOf(given);
      const checked = packFrom(documents);
      if (!checked.ok) throw refusePack(checked.errors);
      const { id, isNew } = await packs.add(
        {
          name: given.name ?? 'pack',
          version: given.version,
          environment: given.environment ?? environment,
          source,
          draft: checked.draft,
        },
        identityOf(request).name,
      );
      return reply.code(isNew ? 201 : 200).send(jsonFull(await findPack(id)));
    },
  );

  app.get(
    '/packs/active',
    { config: role('viewer'), schema: { response: { 200: ActivePack, 304: z.undefined(), 404: Problem } } },
    async (request, reply) => {
      const { handedOut: pack } = governance.current();
      if (!pack) throw new CharterError('not-found', `No pack is active for ${environment}`);
      const etag = `"${pack.id}.${String(Date.parse(pack.activatedAt))}"`;
      reply.header('etag', etag).header('cache-control', 'no-cache');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.send(pack);
    },
  );

  app.get(
    '/packs/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: FullPack, 404: Problem } } },
    async ({ params }) => jsonFull(await findPack(params.id)),
  );

  app.post(
    '/packs/:id/activate',
    {
      config: role('admin'),
      schema: { params: ById, body: Activate, response: { 200: Activated, 202: Activated, 404: Problem } },
    },
    async (request, reply) => {
      const { id } = request.params;
      const change = { by: identityOf(request).name, ...request.body };
      const { status, approval } = await changes.activatePack(id, change);
      const { source: _source, documents: _documents, ...pack } = await findPack(id);
      return reply
        .code(status === 'active' ? 200 : 202)
        .send({ ...pack, policies: [...pack.policies], status, approval });
    },
  );
};

const jsonFull = (pack: Awaited<ReturnType<PackShelf['find']>> & object): z.infer<typeof FullPack> =>
  FullPack.parse(pack);

/** A pack's documents with their lines; a pack given as JSON is written out as YAML, which is kept as its source. */
function sourceOf(given: { source?: string | undefined; documents?: unknown[] | undefined }): {
  source: string;
  documents: readonly SourceDocument[];
} {
  if (given.documents) {
    const source = given.documents
      .map((document) => stringify(document, { aliasDuplicateObjects: false }))
      .join('---\n');
    return { source, documents: given.documents.map((value) => ({ value, lineOf: () => null })) };
  }
  const source = given.source ?? '';
  const read = readDocuments(source);
  if (!read.ok) throw refusePack(read.errors);
  return { source, documents: read.documents };
}

import type { FailurePointer } from '@charter/shared/contracts';
import { ActivePack, CharterError, type PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store } from '@charter/store';
import { digestOf } from '../domain/digest.ts';
import type { PackDraft } from '../domain/pack-draft.ts';
import type { CharterTables } from '../tables.ts';
import { appendAudit } from './audit-log.ts';

export interface StoredPack {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly environment: string;
  readonly digest: string;
  readonly policies: string[];
  readonly active: boolean;
  readonly createdBy: string;
  readonly createdAt: string;
}

export interface NewPack {
  readonly name: string;
  readonly version?: string | undefined;
  readonly environment: string;
  readonly source: string;
  readonly draft: PackDraft;
}

type PackRow = Omit<CharterTables['pack'], 'created_at'> & { created_at: Date };

/** The packs of all times, and which one is active. */
export function packShelf(store: Store<CharterTables>) {
  const withPointer = () =>
    store.db
      .selectFrom('pack')
      .leftJoin('active_pack', 'active_pack.pack_id', 'pack.id')
      .selectAll('pack')
      .select('active_pack.activated_at')
      .orderBy('pack.id', 'desc');

  return {
    /** Keeps a pack; one with the same name, environment and content is the same pack. */
    async add(
      { name, version, environment, source, draft }: NewPack,
      by: string,
    ): Promise<{ id: string; isNew: boolean }> {
      const digest = digestOf([draft.documents, draft.policies.map(({ policy }) => policy.document)]);
      return store.transaction(async (tx) => {
        const count = await tx.db
          .selectFrom('pack')
          .select((eb) => eb.fn.countAll<string>().as('count'))
          .where('name', '=', name)
          .where('environment', '=', environment)
          .executeTakeFirstOrThrow();
        const id = newId();
        const inserted = await tx.db
          .insertInto('pack')
          .values({
            id,
            name,
            version: version ?? String(Number(count.count) + 1),
            environment,
            digest,
            source,
            documents: JSON.stringify(draft.documents),
            policies: draft.policies.map(({ policy }) => policy.name),
            created_by: by,
          })
          .onConflict((conflict) => conflict.columns(['environment', 'name', 'digest']).doNothing())
          .returning('id')
          .executeTakeFirst();
        if (inserted) {
          const data = { name, environment, digest, documents: draft.documents.length };
          await appendAudit(tx, [{ actor: by, action: 'pack.added', subject: id, data }]);
          return { id, isNew: true };
        }
        const known = await tx.db
          .selectFrom('pack')
          .select('id')
          .where('environment', '=', environment)
          .where('name', '=', name)
          .where('digest', '=', digest)
          .executeTakeFirstOrThrow();
        return { id: known.id, isNew: false };
      });
    },
    async find(id: string): Promise<(StoredPack & { source: string; documents: unknown[] }) | null> {
      const row = await withPointer().where('pack.id', '=', id).executeTakeFirst();
      return row ? { ...storedFrom(row), source: row.source, documents: JSON.parse(row.documents) as unknown[] } : null;
    },
    async page(query: PageQuery) {
      let rows = withPointer().limit(query.limit + 1);
      if (query.cursor) rows = rows.where('pack.id', '<', query.cursor);
      return pageFrom((await rows.execute()).map(storedFrom), query);
    },
    async active(environment: string): Promise<ActivePack | null> {
      const row = await withPointer().where('active_pack.environment', '=', environment).executeTakeFirst();
      return row ? activeFrom(row) : null;
    },
    async activeId(environment: string): Promise<string | null> {
      const row = await store.db
        .selectFrom('active_pack')
        .select('pack_id')
        .where('environment', '=', environment)
        .executeTakeFirst();
      return row?.pack_id ?? null;
    },
  };
}
export type PackShelf = ReturnType<typeof packShelf>;

const storedFrom = (row: PackRow & { activated_at: Date | null }): StoredPack => ({
  id: row.id,
  name: row.name,
  version: row.version,
  environment: row.environment,
  digest: row.digest,
  policies: row.policies,
  active: row.activated_at !== null,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
});

const activeFrom = (row: PackRow & { activated_at: Date | null }): ActivePack =>
  ActivePack.parse({
    id: row.id,
    name: row.name,
    version: row.version,
    environment: row.environment,
    activatedAt: row.activated_at?.toISOString(),
    documents: JSON.parse(row.documents),
    policies: row.policies,
  });

/** A refusal that names the first error in its detail and all of them with pointer and line. */
export function refusePack(errors: readonly FailurePointer[]): CharterError {
  const [first] = errors;
  const line = first?.line === undefined ? '' : ` (line ${String(first.line)})`;
  return new CharterError('document-invalid', `${first?.pointer ?? ''}${line}: ${first?.detail ?? ''}`, { errors });
}

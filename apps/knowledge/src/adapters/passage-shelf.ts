import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTextIndex, type TextIndex } from '@charter/learning';
import type { Strategy } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { type Passage, passageOfStrategy, passagesOfPage } from '../domain/passages-from.ts';
import type { KnowledgeTables } from '../migrations.ts';

export type FoundPassage = Passage & { readonly score: number };

/** Below this many standard deviations above the mean a passage is not about the question. */
const leastScore = 1;

/** Runbooks and the pack's strategies in Postgres, and the index over them, made again when they change. */
export function passageShelf(store: Store<KnowledgeTables>) {
  const { db } = store;
  let known: { state: string; index: TextIndex; passages: Map<string, Passage> } | null = null;

  async function current() {
    const { state } = await db
      .selectFrom('passage')
      .select(sql<string>`coalesce(md5(string_agg(digest, '' order by id)), '')`.as('state'))
      .executeTakeFirstOrThrow();
    if (known?.state === state) return known;
    const rows = await db.selectFrom('passage').selectAll().orderBy('id').execute();
    const passages = new Map(rows.map(({ digest: _digest, ...passage }) => [passage.id, passage]));
    known = { state, index: createTextIndex([...passages.values()]), passages };
    return known;
  }

  return {
    /** Takes in what is written now; what is no longer there goes. @returns how many passages changed */
    async keep(passages: readonly Passage[]): Promise<number> {
      const digests = new Map(passages.map((one) => [one.id, digestOf(one)]));
      return store.transaction(async (tx) => {
        await sql`select pg_advisory_xact_lock(${shelfLock})`.execute(tx.db);
        const rows = await tx.db.selectFrom('passage').select(['id', 'digest']).execute();
        const before = new Map(rows.map(({ id, digest }) => [id, digest]));
        const gone = rows.filter(({ id }) => !digests.has(id)).map(({ id }) => id);
        const fresh = passages.filter(({ id }) => before.get(id) !== digests.get(id));
        if (gone.length > 0) await tx.db.deleteFrom('passage').where('id', 'in', gone).execute();
        for (const passage of fresh) {
          const row = { ...passage, digest: digests.get(passage.id) ?? '' };
          await tx.db
            .insertInto('passage')
            .values(row)
            .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
            .execute();
        }
        return gone.length + fresh.length;
      });
    },
    /** The passages closest to a text, best first; none when nothing stands out. */
    async closest(text: string, limit: number): Promise<FoundPassage[]> {
      const { index, passages } = await current();
      return index.closest(text, limit).flatMap(({ id, score }) => {
        const passage = passages.get(id);
        return passage && score >= leastScore ? [{ ...passage, score }] : [];
      });
    },
  };
}
export type PassageShelf = ReturnType<typeof passageShelf>;

const shelfLock = 6_117_205;

const digestOf = ({ id: _id, ...passage }: Passage): string =>
  createHash('sha256').update(JSON.stringify(passage)).digest('hex');

/** All that is written: the pages of a folder of runbooks, and the pack's strategies. A folder that is not there has no pages. */
export async function passagesIn(folder: string, strategies: readonly Strategy[]): Promise<Passage[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const pages = names.filter((name) => name.endsWith('.md')).toSorted();
  const ofPages = await Promise.all(
    pages.map(async (name) => passagesOfPage(name, await readFile(join(folder, name), 'utf8'))),
  );
  return [...ofPages.flat(), ...strategies.map(passageOfStrategy)];
}

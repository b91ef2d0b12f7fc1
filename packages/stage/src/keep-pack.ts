import { type CharterClient, followPack, type PackLog, type ParsedPack } from '@charter/shared/charter-client';
import type { Store } from '@charter/store';
import type { Kysely } from 'kysely';

/** A stage's part of the active pack: the newest from the charter, else the last good one, through restarts too. */
export interface KeptPack<Part> {
  /** Null until there ever was one. */
  current(): Part | null;
  /** Asks the charter now. Never throws. */
  refresh(): Promise<void>;
  /** For `/ready`: throws `upstream-unavailable` until there is one. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** The table that a stage's migrations add for it. */
export const keptPackMigration = `
  create table kept_pack (
    only_row boolean primary key default true check (only_row),
    part jsonb not null,
    kept_at timestamptz not null default now()
  );`;

interface KeptPackTable {
  kept_pack: { only_row: boolean; part: string; kept_at: Date };
}

/** What keeping needs of a stage. */
export interface PackKeeper<Tables> {
  readonly store: Store<Tables>;
  readonly charter: Pick<CharterClient, 'activePack'>;
  readonly log?: PackLog;
}

/**
 * Follows the active pack and keeps `partOf` it in the stage's own schema. A part must be plain JSON.
 * The migrations of the schema hold `keptPackMigration`.
 */
export async function keepPack<Tables, Part>(
  stage: PackKeeper<Tables>,
  partOf: (pack: ParsedPack) => Part,
): Promise<KeptPack<Part>> {
  const db = stage.store.db as unknown as Kysely<KeptPackTable>;
  const kept = await db.selectFrom('kept_pack').select('part').executeTakeFirst();
  let current = kept ? (kept.part as unknown as Part) : null;
  const followed = followPack({
    client: stage.charter,
    async onPack(pack) {
      const part = partOf(pack);
      const row = { part: JSON.stringify(part), kept_at: new Date() };
      await db
        .insertInto('kept_pack')
        .values({ only_row: true, ...row })
        .onConflict((conflict) => conflict.column('only_row').doUpdateSet(row))
        .execute();
      current = part;
    },
    ...(stage.log ? { log: stage.log } : {}),
  });
  return {
    current: () => current,
    refresh: () => followed.refresh(),
    ready: () => (current === null ? followed.ready() : Promise.resolve()),
    close: () => followed.close(),
  };
}

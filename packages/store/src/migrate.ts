import { CharterError } from '@charter/shared/contracts';
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import pg from 'pg';

/** SQL text by migration name; names sort in the order they apply. */
export type Migrations = Readonly<Record<string, string>>;

/** Any fixed number: all services of one database migrate one after the other. */
const migrationLock = 7_241_903;

/**
 * Brings one schema up to date. Safe to call from every replica at once.
 * @throws CharterError `upstream-unavailable` when the database cannot be reached or a migration fails
 */
export async function migrate(
  database: { url: string; db: Kysely<unknown> },
  schema: string,
  migrations: Migrations,
): Promise<void> {
  const gate = new pg.Client({ connectionString: database.url });
  gate.on('error', () => undefined); // the pending query rejects as well; without a listener the process would die
  await gate.connect();
  try {
    await gate.query('select pg_advisory_lock($1)', [migrationLock]);
    const { error } = await new Migrator({
      db: database.db,
      migrationTableSchema: schema,
      provider: { getMigrations: async () => migrationsFrom(schema, migrations) },
    }).migrateToLatest();
    if (error) throw new CharterError('upstream-unavailable', `Schema ${schema} cannot be migrated`, { cause: error });
  } finally {
    await gate.end();
  }
}

function migrationsFrom(schema: string, migrations: Migrations): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(migrations).map(([name, text]) => [
      name,
      {
        async up(db: Kysely<unknown>) {
          await sql`set local search_path to ${sql.id(schema)}`.execute(db);
          await sql.raw(text).execute(db);
        },
      },
    ]),
  );
}

import { type RecordedSituation, situationsSince } from '@charter/app-plan/history';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { DecisionGrounds, RecordedAnswer } from './charter-again.ts';

export interface RecordedDecisionPoint {
  readonly record: RecordedSituation;
  readonly answers: readonly RecordedAnswer[];
}

export interface History {
  since(from: Date): AsyncGenerator<readonly RecordedDecisionPoint[]>;
  close(): Promise<void>;
}

/** What the services recorded, on a connection that cannot write: Postgres itself refuses any effect of a replay. */
export function openHistory(url: string): History {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    application_name: 'charter-replay',
    connectionTimeoutMillis: 5_000,
    options: '-c default_transaction_read_only=on',
  });
  pool.on('error', () => undefined);
  const root = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const plan = root.withSchema('plan') as Parameters<typeof situationsSince>[0]['db'];

  return {
    async *since(from) {
      const isRecorded = await exists('charter.decision');
      for await (const page of situationsSince({ db: plan }, from)) {
        const ids = page.flatMap(({ asked }) => asked.map(({ decision }) => decision.decisionId));
        const grounds = isRecorded ? await groundsOf(ids) : new Map<string, DecisionGrounds>();
        yield page.map((record) => ({
          record,
          answers: record.asked.map(({ request, decision }) => ({
            request,
            decision,
            grounds: grounds.get(decision.decisionId) ?? null,
          })),
        }));
      }
    },
    close: () => root.destroy(),
  };

  async function exists(table: string): Promise<boolean> {
    const { rows } = await sql<{ found: boolean }>`select to_regclass(${table}) is not null as found`.execute(root);
    return rows[0]?.found ?? false;
  }

  async function groundsOf(ids: readonly string[]): Promise<Map<string, DecisionGrounds>> {
    const { rows } = await sql<{ id: string; facts: DecisionGrounds }>`
      select decision.id, decision.body::json->'facts' as facts
      from charter.decision join json_array_elements_text(${JSON.stringify(ids)}::json) as asked(id)
        on asked.id = decision.id`.execute(root);
    return new Map(rows.map(({ id, facts }) => [id, facts]));
  }
}
